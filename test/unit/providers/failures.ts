import type { z } from "zod";
import { InvalidInputs } from "../../../providers/runtime/provider.ts";
import type { ProviderDefinition } from "../../../providers/runtime/provider.ts";
import { validate } from "../../../providers/runtime/validate.ts";
import type { Properties } from "../../../providers/runtime/values.ts";

/** What a provider's check says against inputs of a resource, as `property: reason`. */
export async function failuresOf<Schema extends z.ZodObject, Context>(
  { resources }: ProviderDefinition<Schema, Context>,
  token: string,
  inputs: Properties,
  old?: Properties,
): Promise<string[]> {
  const type = typeof resources === "function" ? resources(token) : resources[token];
  if (type === undefined) throw new Error(`${token} is not covered`);
  const judged = validate(type.inputs, inputs);
  if (!judged.ok) return judged.failures.map(({ property, reason }) => `${property}: ${reason}`);
  const operation = {
    context: undefined,
    urn: `urn:pulumi:test::test::${token}::resource`,
    name: "resource",
    token,
    randomSeed: new Uint8Array(32),
    old,
  };
  try {
    await type.check?.(judged.values, operation);
    return [];
  } catch (error) {
    if (!(error instanceof InvalidInputs)) throw error;
    return error.failures.map(({ property, reason }) => `${property}: ${reason}`);
  }
}
