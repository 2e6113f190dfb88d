import { createHash, createHmac, timingSafeEqual } from "node:crypto";

/** How long a browser stays signed in, in ms. */
export const sessionLength = 7 * 24 * 60 * 60_000;

/** The one user of the dashboard. */
export interface Login {
  readonly username: string;
  readonly password: string;
}

/** Whether both are right. It takes as long whatever is wrong. */
export function isRight(login: Login, username: string, password: string): boolean {
  const isUser = isSame(login.username, username);
  const isPassword = isSame(login.password, password);
  return isUser && isPassword;
}

/** Reads `Authorization: Basic`; undefined if it is something else. */
export function parseBasic(header: string | undefined): Login | undefined {
  const [, encoded] = /^Basic ([A-Za-z0-9+/=]+)$/i.exec(header ?? "") ?? [];
  if (encoded === undefined) return undefined;
  const text = Buffer.from(encoded, "base64").toString();
  const colon = text.indexOf(":");
  return colon < 0
    ? undefined
    : { username: text.slice(0, colon), password: text.slice(colon + 1) };
}

/**
 * Sessions that the server need not remember: their end, signed with a key that follows from the
 * password. They outlive a restart, and end when the password changes.
 */
export class Sessions {
  readonly #key: Buffer;

  constructor({ username, password }: Login) {
    this.#key = createHmac("sha256", password).update(`dashboard session of ${username}`).digest();
  }

  /** The token of a session that begins now. */
  issue(now: number): string {
    const end = String(now + sessionLength);
    return `${end}.${this.#signature(end)}`;
  }

  isValid(token: string, now: number): boolean {
    const [end = "", signature = ""] = token.split(".");
    return isSame(signature, this.#signature(end)) && Number(end) > now;
  }

  #signature(text: string): string {
    return createHmac("sha256", this.#key).update(text).digest("base64url");
  }
}

/** Compares digests, so that neither time nor length tells anything. */
function isSame(one: string, other: string): boolean {
  const digest = (text: string): Buffer => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(one), digest(other));
}
