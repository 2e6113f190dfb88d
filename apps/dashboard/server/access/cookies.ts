import type { FastifyReply, FastifyRequest } from "fastify";

/** What the session is kept in, whoever issued it. */
export const sessionCookie = "lakehouse_dashboard";

export interface Cookie {
  readonly name: string;
  /** Without spaces, commas and semicolons. */
  readonly value: string;
  /** How long the browser keeps it, in seconds; 0 takes it away. */
  readonly maxAge: number;
  /** Whether it is only sent over https. */
  readonly isSecure: boolean;
  /** Below which paths it is sent. @default "/" */
  readonly path?: string;
}

/** The value of a cookie; undefined if there is none of this name. */
export function readCookie({ headers }: FastifyRequest, name: string): string | undefined {
  return (headers.cookie ?? "")
    .split(/; */)
    .find((pair) => pair.startsWith(`${name}=`))
    ?.slice(name.length + 1);
}

/** Sets a cookie that no script can read. Several can be set in one answer. */
export function setCookie(reply: FastifyReply, cookie: Cookie): void {
  const { name, value, maxAge, isSecure, path = "/" } = cookie;
  const secure = isSecure ? "; Secure" : "";
  // Lax: a link that somebody shared opens the page without another sign-in.
  reply.header(
    "set-cookie",
    `${name}=${value}; Path=${path}; Max-Age=${maxAge}; HttpOnly; SameSite=Lax${secure}`,
  );
}
