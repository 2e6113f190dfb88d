import type { FastifyReply, FastifyRequest } from "fastify";
import {
  authorizationCodeGrant,
  buildAuthorizationUrl,
  calculatePKCECodeChallenge,
  type Configuration,
  fetchUserInfo,
  type ServerMetadata,
  randomNonce,
  randomPKCECodeVerifier,
  randomState,
} from "openid-client";
import { z } from "zod";

import { readCookie, setCookie } from "../cookies.ts";
import { type Claims, google } from "./rules.ts";
import { Seal } from "./sealed.ts";

/** Where the issuer sends users back to; it must be told so. */
export const callbackPath = "/login/callback";

/** How long a user may take to sign in, in ms. */
const patience = 10 * 60_000;
/** Longer ones would make a cookie that browsers do not keep. */
const longestNext = 1_000;

/** What is to be remembered of a sign-in while the user is at the issuer's. */
const pending = z.object({
  state: z.string(),
  nonce: z.string(),
  verifier: z.string(),
  /** Where the user was going. */
  next: z.string(),
});

export type Pending = z.infer<typeof pending>;

export interface Beginning {
  readonly next: string;
  /** Where the issuer is to send the user back to. */
  readonly redirectUri: string;
  /** Whether the user wants to be asked, though the issuer may know already who it is. */
  readonly asks: boolean;
}

/** Authorization code flow with PKCE, state and nonce, which the user's browser keeps sealed. */
export class Authorization {
  readonly #seal: Seal<typeof pending>;

  constructor(key: string) {
    this.#seal = new Seal(pending, { key, purpose: "sign-in", lifetime: patience });
  }

  /** Where to send the user. Each sign-in has its own cookie, since a browser may begin several. */
  async begin(
    reply: FastifyReply,
    configuration: Configuration,
    { next, redirectUri, asks }: Beginning,
  ): Promise<URL> {
    const [state, nonce, verifier] = [randomState(), randomNonce(), randomPKCECodeVerifier()];
    const prompt = asks ? promptOf(configuration.serverMetadata()) : undefined;
    const url = buildAuthorizationUrl(configuration, {
      redirect_uri: redirectUri,
      scope: "openid profile email",
      state,
      nonce,
      code_challenge: await calculatePKCECodeChallenge(verifier),
      code_challenge_method: "S256",
      ...(prompt !== undefined && { prompt }),
    });
    const value = await this.#seal.seal({
      ...{ state, nonce, verifier },
      next: next.length > longestNext ? "/" : next,
    });
    remember(reply, state, value, isHttps(redirectUri));
    return url;
  }

  /** What was remembered of the sign-in that the issuer answers; undefined if nothing was. */
  async resume(request: FastifyRequest, reply: FastifyReply, answer: URL) {
    const state = answer.searchParams.get("state") ?? "";
    const token = readCookie(request, cookieOf(state));
    if (!stateForm.test(state) || token === undefined) return undefined;
    // An answer counts once.
    remember(reply, state, "", isHttps(answer.href));
    const opened = await this.#seal.open(token);
    return opened?.content.state === state ? opened.content : undefined;
  }
}

/** As `randomState` makes them: nothing else is to get into a cookie's name. */
const stateForm = /^[\w-]{43}$/;

const cookieOf = (state: string): string => `lakehouse_sign_in.${state}`;

function remember(reply: FastifyReply, state: string, value: string, isSecure: boolean): void {
  const maxAge = value === "" ? 0 : patience / 1000;
  setCookie(reply, { name: cookieOf(state), value, maxAge, isSecure, path: callbackPath });
}

const isHttps = (url: string): boolean => url.startsWith("https:");

/** How an issuer is told to ask. Few say what they know; `login` is what all must but Google does not. */
function promptOf(server: ServerMetadata): string | undefined {
  const { prompt_values_supported: known } = server;
  if (Array.isArray(known)) return ["select_account", "login"].find((one) => known.includes(one));
  return new URL(server.issuer).host === google ? "select_account" : "login";
}

/** A user as the issuer describes him, in two places that are not to be mixed. */
export interface SignedIn {
  /** Claims of the ID token. */
  readonly claims: Claims & { readonly sub: string };
  /** Asks the issuer for more, which many keep out of the ID token; undefined if it has no more. */
  readonly more: () => Promise<Claims | undefined>;
}

/**
 * Redeems the issuer's answer.
 * @throws AuthorizationResponseError if the issuer refused the user
 * @throws Error if the answer is not one to this sign-in, or the issuer does not redeem it
 */
export async function redeem(
  configuration: Configuration,
  answer: URL,
  { state, nonce, verifier }: Pending,
): Promise<SignedIn> {
  const tokens = await authorizationCodeGrant(configuration, answer, {
    expectedState: state,
    expectedNonce: nonce,
    pkceCodeVerifier: verifier,
    idTokenExpected: true,
  });
  const claims = tokens.claims();
  if (claims === undefined) throw new Error("The issuer sent no ID token");
  return {
    claims,
    more: () =>
      configuration.serverMetadata().userinfo_endpoint === undefined
        ? Promise.resolve(undefined)
        : fetchUserInfo(configuration, tokens.access_token, claims.sub),
  };
}
