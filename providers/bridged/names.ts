import { createHash } from "node:crypto";
import type { CheckOperation } from "../runtime/provider.ts";
import type { Properties } from "../runtime/values.ts";

/**
 * Gives a resource without a `name` one, as Pulumi's Terraform bridge does: its logical name and
 * seven random hex digits, kept for as long as the resource lives.
 *
 * The bridge lists generated values in `__defaults`; written here as well, the official plugin can
 * take over the resource without renaming it.
 */
export function withName<Inputs extends { name?: string | undefined }>(
  inputs: Inputs,
  operation: Pick<CheckOperation<unknown>, "name" | "randomSeed" | "old">,
): Inputs & { name: string } {
  if (inputs.name !== undefined) return { ...inputs, name: inputs.name };
  const kept = operation.old?.["name"];
  const name =
    typeof kept === "string" ? kept : `${operation.name}-${suffix(operation.randomSeed)}`;
  return { ...inputs, name, [DEFAULTS]: ["name"] };
}

/** Where the bridge lists the inputs that it filled in itself. */
export const DEFAULTS = "__defaults";

/** True if the name comes from `withName` or from the bridge, not from the program. */
export function isNameGenerated(inputs: Properties): boolean {
  const defaults = inputs[DEFAULTS];
  return Array.isArray(defaults) && defaults.includes("name");
}

function suffix(seed: Uint8Array): string {
  return createHash("sha256").update(seed).digest("hex").slice(0, 7);
}
