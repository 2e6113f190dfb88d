import { z } from "zod";

import { UserError } from "../../cli/errors.ts";
import { patiently, type Patience } from "./patience.ts";

/** A request that Dremio refused, with Dremio's own words. */
export class DremioError extends Error {
  /** HTTP status. */
  readonly status: number;
  /** What Dremio says of it; empty if it says nothing. */
  readonly reason: string;

  constructor(request: string, status: number, reason: string) {
    super(`Dremio answers ${status} to ${request}${reason === "" ? "" : `: ${reason}`}`);
    this.name = "DremioError";
    this.status = status;
    this.reason = reason;
  }
}

/** Dremio cannot be reached, or says itself that it cannot work at the moment. */
export class NotThereError extends Error {
  override readonly name = "NotThereError";
}

export interface ClientOptions {
  /** URL of the web page, which is that of the API as well. */
  readonly url: string;
  readonly username: string;
  readonly password: string;
  /** Texts that must not show up in a message, beside the password. */
  readonly secrets: readonly string[];
  readonly patience: Patience;
}

/** The version of Dremio whose sources this was written against; its minor versions will do. */
const supportedMajor = 25;
/** Creating a source includes connecting to it. */
const requestTimeout = 120_000;
const refusedFirstUser = "First user can only be created when no user is already registered";

const errorBody = z.object({
  errorMessage: z.string().catch(""),
  moreInfo: z.string().nullish().catch(undefined),
});
const session = z.object({ token: z.string().min(1), version: z.string() });

type Method = "GET" | "POST" | "PUT";

/** Dremio's REST API, as its first user. Each request waits while Dremio is away. */
export class DremioClient {
  readonly #options: ClientOptions;
  #token: string | undefined;

  constructor(options: ClientOptions) {
    this.#options = options;
  }

  /**
   * Signs in; on a new Dremio, registers the first user before.
   * @throws UserError if the password is another one, or the version cannot be dealt with.
   */
  async signIn(): Promise<void> {
    try {
      await this.#login();
    } catch (error) {
      // What every request meets until there is a user.
      if (!(error instanceof DremioError && error.status === 403)) throw error;
      await this.#createFirstUser();
      await this.#login();
    }
  }

  /**
   * Sends a request as the user, who is signed in again if the token has expired.
   * @returns the answer, or undefined if there is no such thing (404).
   * @throws DremioError if it is refused.
   */
  async find<T>(path: string, shape: z.ZodType<T>): Promise<T | undefined> {
    try {
      return await this.#asUser("GET", path, shape);
    } catch (error) {
      if (error instanceof DremioError && error.status === 404) return undefined;
      throw error;
    }
  }

  /**
   * Creates something.
   * @throws DremioError if it is refused.
   */
  create<T>(path: string, body: unknown, shape: z.ZodType<T>): Promise<T> {
    return this.#asUser("POST", path, shape, body);
  }

  /**
   * Changes something.
   * @throws DremioError if it is refused.
   */
  change<T>(path: string, body: unknown, shape: z.ZodType<T>): Promise<T> {
    return this.#asUser("PUT", path, shape, body);
  }

  async #asUser<T>(method: Method, path: string, shape: z.ZodType<T>, body?: unknown): Promise<T> {
    try {
      return await this.#send(method, path, shape, body);
    } catch (error) {
      if (!(error instanceof DremioError && error.status === 401)) throw error;
      await this.#login();
      return this.#send(method, path, shape, body);
    }
  }

  async #login(): Promise<void> {
    const { url, username, password } = this.#options;
    this.#token = undefined;
    try {
      const body = { userName: username, password };
      const { token, version } = await this.#send("POST", "/apiv2/login", session, body);
      requireVersion(version);
      this.#token = token;
    } catch (error) {
      if (!(error instanceof DremioError && error.status === 401)) throw error;
      throw new UserError(
        `Dremio at ${url} has users already, but not "${username}" with the password of this stack`,
        {
          cure:
            "Its volume is older than the stack's passwords. Give it this one with `dremio-admin " +
            "set-password`, or remove the volume: Dremio holds nothing that cannot be made again.",
          cause: error,
        },
      );
    }
  }

  async #createFirstUser(): Promise<void> {
    const { username, password, patience } = this.#options;
    const user = {
      userName: username,
      firstName: username,
      lastName: "",
      email: `${username}@localhost`,
      password,
    };
    try {
      await this.#send("PUT", "/apiv2/bootstrap/firstuser", z.unknown(), user);
      patience.log(`the first user, ${username}, is registered`);
    } catch (error) {
      // Somebody was faster; whether it was this stack, the login will tell.
      const isThere =
        error instanceof DremioError &&
        error.status === 400 &&
        error.reason.includes(refusedFirstUser);
      if (!isThere) throw error;
    }
  }

  /** Sends a request again and again until Dremio is there to answer it. */
  #send<T>(method: Method, path: string, shape: z.ZodType<T>, body?: unknown): Promise<T> {
    return patiently(
      this.#options.patience,
      () => this.#exchange(method, path, shape, body),
      (error) => error instanceof NotThereError,
    );
  }

  async #exchange<T>(method: Method, path: string, shape: z.ZodType<T>, body: unknown): Promise<T> {
    const request = `${method} ${path}`;
    const { status, text } = await this.#fetch(method, path, body);
    // 500 among them: while it starts, Dremio's services fail one after the other.
    if (status >= 500) {
      throw new NotThereError(this.#tellable(`Dremio answers ${status} to ${request}`));
    }
    if (status >= 400) throw new DremioError(request, status, this.#tellable(reasonIn(text)));
    const answer = shape.safeParse(parsed(text));
    if (answer.success) return answer.data;
    throw new UserError(
      `Dremio's answer to ${request} is not what Dremio ${supportedMajor} sends: ` +
        this.#tellable(z.prettifyError(answer.error)),
      { cure: `Is ${this.#options.url} a Dremio ${supportedMajor}?` },
    );
  }

  async #fetch(
    method: Method,
    path: string,
    body: unknown,
  ): Promise<{ status: number; text: string }> {
    const { url } = this.#options;
    try {
      const response = await fetch(new URL(path, url), {
        method,
        headers: {
          "content-type": "application/json",
          ...(this.#token !== undefined && { authorization: `_dremio${this.#token}` }),
        },
        ...(body !== undefined && { body: JSON.stringify(body) }),
        signal: AbortSignal.timeout(requestTimeout),
      });
      return { status: response.status, text: await response.text() };
    } catch (error) {
      const { message, cause } = error as Error;
      const reason = cause instanceof Error ? cause.message : message;
      throw new NotThereError(`Dremio at ${url} does not answer: ${reason}`, { cause: error });
    }
  }

  /** The text without what must stay secret. */
  #tellable(text: string): string {
    const { password, secrets } = this.#options;
    return [password, ...secrets, this.#token ?? ""]
      .filter((secret) => secret !== "")
      .reduce((told, secret) => told.replaceAll(secret, "***"), text);
  }
}

/** @throws UserError */
function requireVersion(version: string): void {
  if (Number(version.split(".")[0]) === supportedMajor) return;
  throw new UserError(`This is Dremio ${version}, and only ${supportedMajor} is known here`, {
    cure: `Set \`dremio\` in components/versions.ts to a version ${supportedMajor}.`,
  });
}

function reasonIn(text: string): string {
  const body = errorBody.safeParse(parsed(text));
  if (!body.success) return "";
  const { errorMessage, moreInfo } = body.data;
  return [errorMessage, moreInfo].filter(Boolean).join(" ");
}

/** The JSON, or undefined if it is none: what stands before Dremio answers in HTML. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
