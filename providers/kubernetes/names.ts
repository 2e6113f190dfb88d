import { createHash, randomBytes } from "node:crypto";

const SUFFIX_LENGTH = 8;

/**
 * A name for an object that the program leaves unnamed: the resource's name and eight hexadecimal
 * digits, as the official plugin does.
 *
 * @param seed The same bytes in a preview and in its update; empty where the engine sends none.
 */
export function autoName(name: string, seed: Uint8Array): string {
  const bytes = seed.length > 0 ? createHash("sha256").update(seed).digest() : randomBytes(4);
  return `${name}-${bytes.toString("hex").slice(0, SUFFIX_LENGTH)}`;
}

/**
 * The name under which the API server records that a field is ours. It is the same for every run of
 * this resource in this stack, so an object left by an interrupted create can be told from others'.
 */
export function fieldManagerOf(urn: string): string {
  const digest = createHash("sha256").update(urn).digest("hex");
  return `pulumi-kubernetes-${digest.slice(0, SUFFIX_LENGTH)}`;
}
