import { escapeIdentifier, escapeLiteral } from "pg";
import { z } from "zod";

/** Postgres cuts longer names silently. */
const NAME_MAX_BYTES = 63;

/** The name of a database, role, schema or other object. */
export const objectName = z
  .string()
  .min(1, "must not be empty")
  .refine(
    (name) => Buffer.byteLength(name) <= NAME_MAX_BYTES,
    `must be at most ${NAME_MAX_BYTES} bytes, or Postgres would cut it`,
  )
  .refine((name) => !name.includes("\0"), "must not contain a zero byte");

/** Puts a name into a statement. */
export const identifier = escapeIdentifier;

/** Puts a text value into a statement where parameters are not allowed. */
export const literal = escapeLiteral;

/** Puts a number into a statement where parameters are not allowed. */
export function integer(value: number): string {
  if (!Number.isSafeInteger(value)) throw new Error(`${value} is not a whole number`);
  return String(value);
}

/** Puts a boolean into a statement where parameters are not allowed. */
export function boolean(value: boolean): string {
  return value ? "true" : "false";
}
