import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";

import { Attempts } from "./attempts.ts";
import { isRight, type Login, parseBasic } from "./credentials.ts";
import { nextPage } from "./next-page.ts";

/** What is open however one signs in: probes, scrapers, and what the pages around signing in need. */
const openPaths = ["/healthz", "/metrics", "/login", "/login.css", "/icon.svg"];

export interface GuardOptions {
  /** Further paths that are open. @default none */
  readonly alsoOpen?: readonly string[];
  /** Whether a browser is signed in. */
  readonly hasSession: (request: FastifyRequest, reply: FastifyReply) => boolean | Promise<boolean>;
  /** Who may look without a session. */
  readonly passwords: PasswordCheck;
}

/** Lets in sessions, and programs that send `Authorization: Basic` with each request. */
export function guard(app: FastifyInstance, options: GuardOptions): void {
  const { hasSession, passwords } = options;
  const open = new Set([...openPaths, ...(options.alsoOpen ?? [])]);
  app.addHook("onRequest", async (request, reply) => {
    const [path = ""] = request.url.split("?");
    const isOpen = open.has(path) && !(path === "/metrics" && isForwarded(request));
    if (isOpen || (await hasSession(request, reply))) return undefined;
    const basic = parseBasic(request.headers.authorization);
    const outcome = basic === undefined ? "wrong" : passwords.check(request, basic);
    return outcome === "right" ? undefined : refuse(request, reply, outcome);
  });
}

/** Whose word on who asks is taken: that of so many reverse proxies in a row, seen from here. */
export function trustedProxies(hops: number) {
  return (_address: string, hop: number): boolean => hop < hops;
}

/** Scrapers are in the cluster: a proxy, which adds a further address, brings everybody else. */
function isForwarded({ ips }: FastifyRequest): boolean {
  return ips !== undefined && ips.length > 1;
}

export type Outcome = "right" | "wrong" | { readonly wait: number };

/** Compares passwords; too many wrong ones from an address are answered by "wait", in seconds. */
export class PasswordCheck {
  readonly #login: Login;
  readonly #attempts = new Attempts();

  constructor(login: Login) {
    this.#login = login;
  }

  check({ ip }: FastifyRequest, given: Login): Outcome {
    const now = Date.now();
    const wait = this.#attempts.secondsToWait(ip, now);
    if (wait > 0) return { wait };
    const isKnown = isRight(this.#login, given.username, given.password);
    if (isKnown) this.#attempts.succeeded(ip);
    else this.#attempts.failed(ip, now);
    return isKnown ? "right" : "wrong";
  }
}

function refuse(
  request: FastifyRequest,
  reply: FastifyReply,
  outcome: Exclude<Outcome, "right">,
): FastifyReply {
  reply.header("cache-control", "no-store");
  if (outcome !== "wrong") {
    reply.header("retry-after", outcome.wait);
    return reply.code(429).send({ error: `Too many tries: wait ${outcome.wait} seconds` });
  }
  if (request.method === "GET" && request.headers.accept?.includes("text/html") === true) {
    return reply.redirect(`/login?next=${encodeURIComponent(nextPage(request.url))}`, 303);
  }
  // A browser would ask for the password in a window of its own; the page has a better one.
  if (request.headers["sec-fetch-mode"] === undefined) {
    reply.header("www-authenticate", 'Basic realm="lakehouse", charset="UTF-8"');
  }
  return reply.code(401).send({ error: "Sign in at /login, or send the password as Basic" });
}
