import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";

import { Attempts } from "./attempts.ts";
import { isRight, type Login, parseBasic, sessionLength, Sessions } from "./credentials.ts";
import { loginPage } from "./login-page.ts";

const cookie = "lakehouse_dashboard";

/** What needs no password: probes, scrapers, and what the page that asks for it consists of. */
const openPaths = new Set(["/healthz", "/metrics", "/login", "/login.css", "/icon.svg"]);

/** The pages that one may want to go to after signing in; anything else could lead elsewhere. */
const ownPage = /^\/(?:pipeline)?(?:\?[\w=&:%.+-]*)?$/;

/**
 * Lets in only who knows the password: a browser signs in on a page and keeps a cookie, a program
 * sends `Authorization: Basic` with each request.
 */
export function protect(app: FastifyInstance, login: Login): void {
  const sessions = new Sessions(login);
  const attempts = new Attempts();

  /** Whether they are right; too many wrong ones from an address are answered by "wait". */
  const check = (request: FastifyRequest, given: Login): "right" | "wrong" | { wait: number } => {
    const now = Date.now();
    const wait = attempts.secondsToWait(request.ip, now);
    if (wait > 0) return { wait };
    const isKnown = isRight(login, given.username, given.password);
    if (isKnown) attempts.succeeded(request.ip);
    else attempts.failed(request.ip, now);
    return isKnown ? "right" : "wrong";
  };

  app.addHook("onRequest", async (request, reply) => {
    const [path = ""] = request.url.split("?");
    if (isOpen(path, request) || hasSession(request, sessions)) return undefined;
    const basic = parseBasic(request.headers.authorization);
    const outcome = basic === undefined ? "wrong" : check(request, basic);
    return outcome === "right" ? undefined : refuse(request, reply, outcome);
  });

  app.addContentTypeParser(
    "application/x-www-form-urlencoded",
    { parseAs: "string", bodyLimit: 4096 },
    (_request, body, done) => {
      done(null, new URLSearchParams(String(body)));
    },
  );
  app.get<{ Querystring: { next?: string } }>("/login", (request, reply) => {
    const next = nextPage(request.query.next);
    if (hasSession(request, sessions)) return reply.redirect(next, 303);
    return showLogin(reply, 200, next);
  });
  app.post("/login", (request, reply) => {
    const form = request.body instanceof URLSearchParams ? request.body : new URLSearchParams();
    const next = nextPage(form.get("next"));
    const outcome = check(request, {
      username: form.get("username") ?? "",
      password: form.get("password") ?? "",
    });
    if (outcome === "wrong") {
      return showLogin(reply, 401, next, "The user or the password is wrong.");
    }
    if (outcome !== "right") {
      reply.header("retry-after", outcome.wait);
      return showLogin(reply, 429, next, `Too many tries: wait ${outcome.wait} seconds.`);
    }
    setCookie(request, reply, sessions.issue(Date.now()), sessionLength / 1000);
    return reply.redirect(next, 303);
  });
  // Only there if there is a password, so that the page knows whether one can sign out.
  app.get("/api/session", () => ({ data: { username: login.username } }));
  app.post("/logout", (request, reply) => {
    setCookie(request, reply, "", 0);
    return reply.redirect("/login", 303);
  });
}

/** Whose word on who asks is taken: that of so many reverse proxies in a row, seen from here. */
export function trustedProxies(hops: number) {
  return (_address: string, hop: number): boolean => hop < hops;
}

function isOpen(path: string, { ips }: FastifyRequest): boolean {
  // Scrapers are in the cluster: a proxy, which adds a further address, brings everybody else.
  const isForwarded = ips !== undefined && ips.length > 1;
  return openPaths.has(path) && !(path === "/metrics" && isForwarded);
}

function hasSession({ headers }: FastifyRequest, sessions: Sessions): boolean {
  const token = (headers.cookie ?? "")
    .split(/; */)
    .find((pair) => pair.startsWith(`${cookie}=`))
    ?.slice(cookie.length + 1);
  return token !== undefined && sessions.isValid(token, Date.now());
}

function refuse(
  request: FastifyRequest,
  reply: FastifyReply,
  outcome: "wrong" | { wait: number },
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

function nextPage(path: string | null | undefined): string {
  return path != null && ownPage.test(path) ? path : "/";
}

function showLogin(
  reply: FastifyReply,
  status: number,
  next: string,
  problem?: string,
): FastifyReply {
  return reply
    .code(status)
    .headers({ "content-type": "text/html; charset=utf-8", "cache-control": "no-store" })
    .send(loginPage(next, problem));
}

function setCookie(
  request: FastifyRequest,
  reply: FastifyReply,
  value: string,
  maxAge: number,
): void {
  const secure = request.protocol === "https" ? "; Secure" : "";
  // Lax: a link that somebody shared opens the page without another sign-in.
  reply.header(
    "set-cookie",
    `${cookie}=${value}; Path=/; Max-Age=${maxAge}; HttpOnly; SameSite=Lax${secure}`,
  );
}
