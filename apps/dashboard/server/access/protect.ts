import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";

import { readCookie, sessionCookie, setCookie } from "./cookies.ts";
import { type Login, sessionLength, Sessions } from "./credentials.ts";
import { guard, PasswordCheck } from "./guard.ts";
import { loginPage } from "./login-page.ts";
import { nextPage } from "./next-page.ts";

/**
 * Lets in only who knows the password: a browser signs in on a page and keeps a cookie, a program
 * sends `Authorization: Basic` with each request.
 */
export function protect(app: FastifyInstance, login: Login): void {
  const sessions = new Sessions(login);
  const passwords = new PasswordCheck(login);
  const hasSession = (request: FastifyRequest): boolean => {
    const token = readCookie(request, sessionCookie);
    return token !== undefined && sessions.isValid(token, Date.now());
  };
  guard(app, { hasSession, passwords });

  app.addContentTypeParser(
    "application/x-www-form-urlencoded",
    { parseAs: "string", bodyLimit: 4096 },
    (_request, body, done) => {
      done(null, new URLSearchParams(String(body)));
    },
  );
  app.get<{ Querystring: { next?: string } }>("/login", (request, reply) => {
    const next = nextPage(request.query.next);
    if (hasSession(request)) return reply.redirect(next, 303);
    return showLogin(reply, 200, next);
  });
  app.post("/login", (request, reply) => {
    const form = request.body instanceof URLSearchParams ? request.body : new URLSearchParams();
    const next = nextPage(form.get("next"));
    const outcome = passwords.check(request, {
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
    setSession(request, reply, sessions.issue(Date.now()), sessionLength / 1000);
    return reply.redirect(next, 303);
  });
  // Only there if one signs in, so that the page knows whether one can sign out.
  app.get("/api/session", () => ({ data: { username: login.username } }));
  app.post("/logout", (request, reply) => {
    setSession(request, reply, "", 0);
    return reply.redirect("/login", 303);
  });
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

function setSession(
  { protocol }: FastifyRequest,
  reply: FastifyReply,
  value: string,
  maxAge: number,
): void {
  setCookie(reply, { name: sessionCookie, value, maxAge, isSecure: protocol === "https" });
}
