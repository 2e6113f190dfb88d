import { randomInt } from "node:crypto";

/**
 * A name that no other has, in Terraform's form: a prefix, the time down to a tenth of a millisecond,
 * and eight hex digits.
 */
export function uniqueId(prefix: string, now = new Date()): string {
  const time = now.toISOString().replaceAll(/[^0-9]/g, "");
  const counter = randomInt(2 ** 32)
    .toString(16)
    .padStart(8, "0");
  return `${prefix}${time}0${counter}`;
}
