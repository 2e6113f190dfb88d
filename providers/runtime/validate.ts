import { z } from "zod";
import type { InputFailure } from "./provider.ts";
import { containsUnknown, formatPath } from "./values.ts";
import type { Properties } from "./values.ts";

/** Judges inputs by a schema: what is wrong with them, or the inputs with defaults filled in. */
export type Validated =
  | { readonly ok: true; readonly values: Properties }
  | { readonly ok: false; readonly failures: readonly InputFailure[] };

/**
 * Validates each property by its own schema. One that is not known yet (a preview) passes as it is;
 * rules across properties are judged once all are known.
 */
export function validate(schema: z.ZodObject, values: Properties): Validated {
  const refused = Object.keys(values).filter((key) => !(key in schema.shape) && isStrict(schema));
  if (refused.length > 0) {
    return {
      ok: false,
      failures: refused.map((property) => ({
        property,
        reason: `is not covered by this stand-in, which knows ${Object.keys(schema.shape).join(", ")}`,
      })),
    };
  }
  if (!containsUnknown(values)) return outcome(schema.safeParse(values));

  const known = Object.fromEntries(
    Object.entries(values).filter(([, value]) => !containsUnknown(value)),
  );
  const unknown = Object.fromEntries(
    Object.entries(values).filter(([, value]) => containsUnknown(value)),
  );
  // A fresh object of the same properties: refinements of the whole would see half the values.
  const shape = Object.fromEntries(
    Object.entries(schema.shape).filter(([key]) => !(key in unknown)),
  );
  const partial = isStrict(schema) ? z.strictObject(shape) : z.looseObject(shape);
  const judged = outcome(partial.safeParse(known));
  return judged.ok ? { ok: true, values: { ...judged.values, ...unknown } } : judged;
}

/**
 * Recorded inputs with the schema's defaults where none are recorded: the official plugins record
 * only what the program gives.
 */
export function withDefaults(schema: z.ZodObject, recorded: Properties): Properties {
  const defaults = Object.entries(schema.shape).map(
    ([key, property]) => [key, z.safeParse(property, undefined).data] as const,
  );
  return {
    ...Object.fromEntries(defaults.filter(([, value]) => value !== undefined)),
    ...recorded,
  };
}

function isStrict(schema: z.ZodObject): boolean {
  return schema.def.catchall?._zod.def.type !== "unknown";
}

function outcome(result: z.ZodSafeParseResult<Record<string, unknown>>): Validated {
  if (result.success) return { ok: true, values: result.data };
  return {
    ok: false,
    failures: result.error.issues.map(({ path, message }) => ({
      property: formatPath(path.map((part) => (typeof part === "symbol" ? String(part) : part))),
      reason: message,
    })),
  };
}

/**
 * Validates provider configuration. Pulumi's SDKs send everything but text as JSON text, so a value
 * that its schema refuses is tried again as JSON.
 */
export function validateConfig(schema: z.ZodObject, values: Properties): Validated {
  const read = Object.fromEntries(
    Object.entries(values)
      .filter(([key]) => !ENGINE_KEYS.has(key))
      .map(([key, value]) => [
        key,
        readConfigValue(schema.shape[key] as z.core.$ZodType | undefined, value),
      ]),
  );
  return validate(schema, read);
}

/** Provider inputs that are meant for the engine. */
const ENGINE_KEYS = new Set(["version", "pluginDownloadURL", "__internal"]);

function readConfigValue(schema: z.core.$ZodType | undefined, value: unknown): unknown {
  if (schema === undefined || typeof value !== "string") return value;
  if (z.safeParse(schema, value).success) return value;
  try {
    return JSON.parse(value) as unknown;
  } catch {
    return value; // The schema then says what is wrong with the text.
  }
}
