import type { FastifyReply, FastifyRequest } from "fastify";
import { z } from "zod";

import { readCookie, sessionCookie, setCookie } from "../cookies.ts";
import { Seal } from "./sealed.ts";

/**
 * How long a user stays signed in, in ms: a working day. Whoever loses his account at the issuer, or
 * his place in its groups, may look until then.
 */
export const sessionLength = 8 * 60 * 60_000;

const session = z.object({
  /** The issuer's name for the user, which stays the same. */
  sub: z.string(),
  /** What the user is called on pages. */
  username: z.string(),
});

export type Session = z.infer<typeof session>;

/** Sessions that browsers keep, so that a restart ends none. */
export class UserSessions {
  readonly #seal: Seal<typeof session>;

  /** @param key what they are sealed with; those of another key are none */
  constructor(key: string) {
    this.#seal = new Seal(session, { key, purpose: "session", lifetime: sessionLength });
  }

  async begin(reply: FastifyReply, user: Session, isSecure: boolean): Promise<void> {
    const value = await this.#seal.seal(user);
    setCookie(reply, { name: sessionCookie, value, maxAge: sessionLength / 1000, isSecure });
  }

  end(reply: FastifyReply, isSecure: boolean): void {
    setCookie(reply, { name: sessionCookie, value: "", maxAge: 0, isSecure });
  }

  /** The session that a request belongs to, if any. */
  async of(request: FastifyRequest): Promise<Session | undefined> {
    return (await this.#open(request))?.content;
  }

  /** Whether there is one. What it is sent ends with it, as a stream would go on for ever. */
  async lets(request: FastifyRequest, reply: FastifyReply): Promise<boolean> {
    const opened = await this.#open(request);
    if (opened === undefined) return false;
    const timer = setTimeout(() => reply.raw.destroy(), opened.end - Date.now()).unref();
    reply.raw.once("close", () => {
      clearTimeout(timer);
    });
    return true;
  }

  async #open(request: FastifyRequest) {
    const token = readCookie(request, sessionCookie);
    return token === undefined ? undefined : this.#seal.open(token);
  }
}
