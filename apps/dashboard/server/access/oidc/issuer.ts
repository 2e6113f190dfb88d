import {
  allowInsecureRequests,
  AuthorizationResponseError,
  type ClientAuth,
  ClientSecretBasic,
  ClientSecretPost,
  clockTolerance,
  type Configuration,
  discovery,
  enableNonRepudiationChecks,
  None,
  ResponseBodyError,
  WWWAuthenticateChallengeError,
} from "openid-client";

/** How long the issuer may take for each answer, in seconds. */
const patience = 10;
/** After a failure the issuer is left in peace for so long, in ms. */
const rest = 5_000;
/** By how much the issuer's clock may differ, in seconds. */
const toleratedSkew = 30;

export interface IssuerOptions {
  readonly url: URL;
  readonly clientId: string;
  /** Asked for each time, so that a new secret needs no restart. @default a public client */
  readonly clientSecret?: (() => string) | undefined;
}

/** Whoever signs users in. What it can do is asked when it is first needed, and again after a failure. */
export class Issuer {
  readonly url: URL;
  readonly #options: IssuerOptions;
  #configuration: Promise<Configuration> | undefined;

  constructor(options: IssuerOptions) {
    this.url = options.url;
    this.#options = options;
  }

  /** @throws IssuerError if the issuer cannot be reached, or says what cannot be used. */
  configuration(): Promise<Configuration> {
    this.#configuration ??= this.#discover();
    return this.#configuration;
  }

  async #discover(): Promise<Configuration> {
    const { url, clientId, clientSecret } = this.#options;
    try {
      const configuration = await discovery(
        url,
        clientId,
        { [clockTolerance]: toleratedSkew },
        clientSecret === undefined ? None() : withSecret(clientSecret),
        {
          timeout: patience,
          execute: [
            // The tokens' signatures are checked as well, whoever may stand between us and the issuer.
            enableNonRepudiationChecks,
            // Settings take such an issuer only of the same machine or cluster.
            // eslint-disable-next-line @typescript-eslint/no-deprecated -- marked so to stand out
            ...(url.protocol === "http:" ? [allowInsecureRequests] : []),
          ],
        },
      );
      console.log(`users sign in at ${url.href}`);
      return configuration;
    } catch (cause) {
      setTimeout(() => (this.#configuration = undefined), rest).unref();
      const problem = `The issuer ${url.href} cannot be used: ${reasonOf(cause)}`;
      console.error(`${problem}. Nobody can sign in; the next sign-in tries it again.`);
      throw new IssuerError(problem, { cause });
    }
  }
}

export class IssuerError extends Error {
  override readonly name = "IssuerError";
}

/** An error with what it came from, which alone says what is wrong with a connection or an answer. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  // Some say the same as what they came from.
  const parts = new Set([error.message, ...detailsOf(error)]);
  return [...parts].filter((part) => part !== undefined).join(": ");
}

function detailsOf(error: Error): (string | undefined)[] {
  if (error instanceof ResponseBodyError || error instanceof AuthorizationResponseError) {
    return [error.error, error.error_description];
  }
  if (error instanceof WWWAuthenticateChallengeError) {
    return error.cause.flatMap(({ parameters }) => [
      parameters.error,
      parameters.error_description,
    ]);
  }
  return [error.cause instanceof Error ? reasonOf(error.cause) : undefined];
}

/** As a header if the issuer takes that, which is what an issuer that says nothing takes. */
function withSecret(clientSecret: () => string): ClientAuth {
  return (server, ...others) => {
    const { token_endpoint_auth_methods_supported: methods = ["client_secret_basic"] } = server;
    const authenticate = methods.includes("client_secret_basic")
      ? ClientSecretBasic
      : ClientSecretPost;
    authenticate(clientSecret())(server, ...others);
  };
}
