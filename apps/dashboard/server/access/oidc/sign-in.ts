import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { AuthorizationResponseError, buildEndSessionUrl, type Configuration } from "openid-client";

import type { Login } from "../credentials.ts";
import { guard, PasswordCheck } from "../guard.ts";
import { nextPage } from "../next-page.ts";
import { Authorization, callbackPath, redeem, type SignedIn } from "./authorization.ts";
import { type Issuer, reasonOf } from "./issuer.ts";
import { type Message, messagePage } from "./pages.ts";
import { type Claims, hasUnverifiedEmail, isAllowed, type Rule } from "./rules.ts";
import { UserSessions } from "./sessions.ts";

export interface OidcOptions {
  readonly issuer: Issuer;
  /** Who of its users may look. */
  readonly rules: readonly Rule[];
  /** What cookies are sealed with: a secret that is the same after a restart. */
  readonly sessionKey: string;
  /** How browsers reach the dashboard, as in `https://shop.example.com`. @default as each request says */
  readonly publicUrl?: string | undefined;
  /** What programs send as `Authorization: Basic`, since they cannot sign in at an issuer. */
  readonly login: Login;
}

/** Where one gets after signing out. */
const signedOutPath = "/signed-out";
/** Begins a sign-in in which the issuer asks who it is. */
const otherAccount = "/login?other";

/** Lets in users of an OpenID Connect issuer, as far as rules allow them, and programs by password. */
export function protectByOidc(app: FastifyInstance, options: OidcOptions): void {
  const { issuer, rules, login } = options;
  // Rules that change end the sessions that older ones allowed.
  const key = JSON.stringify([options.sessionKey, issuer.url.href, rules]);
  const sessions = new UserSessions(key);
  const authorization = new Authorization(key);
  const baseOf = (request: FastifyRequest): string =>
    options.publicUrl ?? `${request.protocol}://${request.host}`;
  const isSecure = (request: FastifyRequest): boolean => baseOf(request).startsWith("https:");

  guard(app, {
    alsoOpen: [callbackPath, signedOutPath],
    hasSession: (request, reply) => sessions.lets(request, reply),
    passwords: new PasswordCheck(login),
  });

  app.get<{ Querystring: { next?: string; other?: string } }>("/login", async (request, reply) => {
    const { next, other } = request.query;
    const asks = other !== undefined;
    if (!asks && (await sessions.of(request))) return reply.redirect(nextPage(next), 303);
    const configuration = await configurationOf(issuer);
    if (configuration === undefined) return show(reply, 503, unreachable(issuer));
    const url = await authorization.begin(reply, configuration, {
      ...{ next: nextPage(next), asks },
      redirectUri: new URL(callbackPath, baseOf(request)).href,
    });
    return reply.header("cache-control", "no-store").redirect(url.href, 303);
  });

  app.get(callbackPath, async (request, reply) => {
    const answer = new URL(request.url, baseOf(request));
    const pending = await authorization.resume(request, reply, answer);
    if (pending === undefined) return show(reply, 400, notBegunHere);
    try {
      const user = await redeem(await issuer.configuration(), answer, pending);
      const claims = await allowedClaims(user, rules, issuer.url);
      const username = nameOf(claims.known);
      if (!claims.areAllowed) {
        console.log(`${JSON.stringify(username)} was refused: no rule allows this user`);
        return await show(reply, 403, notAllowed(username, claims.known));
      }
      await sessions.begin(reply, { sub: user.claims.sub, username }, isSecure(request));
      return await reply.header("cache-control", "no-store").redirect(pending.next, 303);
    } catch (error) {
      const { status, message } = failure(error, issuer);
      return show(reply, status, message);
    }
  });

  // Only there if one signs in, so that the page knows whether one can sign out.
  app.get("/api/session", async (request, reply) => {
    reply.header("cache-control", "no-store");
    const session = await sessions.of(request);
    return { data: { username: session?.username ?? login.username } };
  });

  // The content of the page's form is empty, but has the type of a form.
  app.addContentTypeParser("application/x-www-form-urlencoded", (_request, body, done) => {
    body.resume();
    done(null);
  });
  app.post("/logout", (request, reply) => {
    sessions.end(reply, isSecure(request));
    return reply.redirect(signedOutPath, 303);
  });
  app.get(signedOutPath, async (_request, reply) =>
    show(reply, 200, signedOut(issuer, await configurationOf(issuer))),
  );
}

/** Undefined if the issuer cannot be used, which it has logged. */
function configurationOf(issuer: Issuer): Promise<Configuration | undefined> {
  return issuer.configuration().catch(() => undefined);
}

/** Each description of the user counts by itself: a verified mark of one says nothing of the other. */
async function allowedClaims(
  { claims, more }: SignedIn,
  rules: readonly Rule[],
  issuer: URL,
): Promise<{ readonly areAllowed: boolean; readonly known: Claims }> {
  if (isAllowed(rules, claims, issuer)) return { areAllowed: true, known: claims };
  const known = (await more()) ?? claims;
  return { areAllowed: isAllowed(rules, known, issuer), known };
}

/** What a user is called; short enough for a cookie. */
function nameOf(claims: Claims): string {
  const names = ["email", "preferred_username", "name", "sub"].map((claim) => claims[claim]);
  const name = names.find((one) => typeof one === "string" && one !== "");
  return String(name).slice(0, 200);
}

function failure(error: unknown, issuer: Issuer): { status: number; message: Message } {
  const reason = reasonOf(error);
  if (error instanceof AuthorizationResponseError) {
    console.log(`${issuer.url.host} refused a sign-in: ${JSON.stringify(reason)}`);
    const said = error.error_description ?? error.error;
    return { status: 403, message: refusedByIssuer(issuer, said) };
  }
  console.error(`A sign-in at ${issuer.url.host} failed: ${reason}`);
  return { status: 502, message: failed(issuer) };
}

function show(reply: FastifyReply, status: number, message: Message): FastifyReply {
  return reply
    .code(status)
    .headers({ "content-type": "text/html; charset=utf-8", "cache-control": "no-store" })
    .send(messagePage(message));
}

const again = { "Sign in again": "/login" };

const notBegunHere: Message = {
  title: "This sign-in cannot go on",
  text: "It was begun in another browser, under another address of the dashboard, or too long ago.",
  links: again,
};

function unreachable({ url }: Issuer): Message {
  return {
    title: "Nobody can sign in now",
    text: `${url.host}, where users sign in, cannot be used. The dashboard's log tells why.`,
    links: { "Try again": "/login" },
  };
}

function notAllowed(username: string, claims: Claims): Message {
  const reason = hasUnverifiedEmail(claims) ? " Its e-mail address is not verified." : "";
  return {
    title: "You may not see this dashboard",
    text:
      `You are signed in as ${username}, whom the dashboard's settings do not allow.${reason} ` +
      "Whoever runs the dashboard can change that.",
    links: { "Use another account": otherAccount },
  };
}

function refusedByIssuer({ url }: Issuer, said: string): Message {
  return { title: "You were not signed in", text: `${url.host} says: ${said}`, links: again };
}

function failed({ url }: Issuer): Message {
  return {
    title: "You could not be signed in",
    text: `The answer of ${url.host} could not be used. The dashboard's log tells why.`,
    links: again,
  };
}

/** The issuer knows the user still; ending that, too, would sign out of whatever else it serves. */
function signedOut({ url }: Issuer, configuration: Configuration | undefined): Message {
  const canEnd = configuration?.serverMetadata().end_session_endpoint !== undefined;
  return {
    title: "You are signed out",
    text: `You may still be signed in at ${url.host}.`,
    links: {
      "Sign in again": otherAccount,
      ...(canEnd && { [`Sign out of ${url.host}`]: buildEndSessionUrl(configuration).href }),
    },
  };
}
