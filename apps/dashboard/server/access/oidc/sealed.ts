import { hkdfSync } from "node:crypto";

import { EncryptJWT, errors, jwtDecrypt } from "jose";
import type { z } from "zod";

/** What of a key serves which purpose, so that nothing sealed for one passes for another. */
export interface SealOptions {
  /** The secret that keys follow from; whoever changes it ends everything that was sealed. */
  readonly key: string;
  readonly purpose: string;
  /** How long it can be opened, in ms. */
  readonly lifetime: number;
}

/** What was sealed, and until when it can be opened, in ms since 1970. */
export interface Opened<Content> {
  readonly content: Content;
  readonly end: number;
}

/** Content that a browser keeps for the server, and can neither read nor change (JWE, A256GCM). */
export class Seal<Schema extends z.ZodType<Record<string, unknown>>> {
  readonly #schema: Schema;
  readonly #key: Uint8Array;
  readonly #lifetime: number;

  constructor(schema: Schema, { key, purpose, lifetime }: SealOptions) {
    this.#schema = schema;
    this.#key = new Uint8Array(hkdfSync("sha256", key, "", purpose, 32));
    this.#lifetime = lifetime;
  }

  async seal(content: z.infer<Schema>): Promise<string> {
    return new EncryptJWT(content)
      .setProtectedHeader({ alg: "dir", enc: "A256GCM" })
      .setExpirationTime(new Date(Date.now() + this.#lifetime))
      .encrypt(this.#key);
  }

  /** Undefined if it is too old, was changed, or was sealed by somebody else or for something else. */
  async open(token: string): Promise<Opened<z.infer<Schema>> | undefined> {
    try {
      const { payload } = await jwtDecrypt(token, this.#key, {
        keyManagementAlgorithms: ["dir"],
        contentEncryptionAlgorithms: ["A256GCM"],
        requiredClaims: ["exp"],
      });
      const { success, data } = this.#schema.safeParse(payload);
      return success ? { content: data, end: Number(payload.exp) * 1000 } : undefined;
    } catch (error) {
      if (error instanceof errors.JOSEError) return undefined;
      throw error;
    }
  }
}
