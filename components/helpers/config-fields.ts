import { z } from "zod";

import type { Quantity } from "./quantity.ts";

/** A whole number of a range, as text. */
export const integer = (minimum: number, maximum: number) =>
  z.coerce
    .number({ error: "must be a whole number" })
    .int("must be a whole number")
    .min(minimum, `must be at least ${minimum}`)
    .max(maximum, `must be at most ${maximum}`);

/** A size of memory or storage. */
export const quantity = z
  .string()
  .regex(/^[1-9]\d*(Mi|Gi|Ti)$/, "must be a size such as 8Gi")
  .transform((value) => value as Quantity);

/** Yes or no. */
export const flag = z
  .enum(["true", "false"], { error: "must be true or false" })
  .transform((value) => value === "true");
