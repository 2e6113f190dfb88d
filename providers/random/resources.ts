import { randomBytes, randomUUID } from "node:crypto";
import { z } from "zod";
import { InvalidInputs, resourceType } from "../runtime/provider.ts";
import type { ResourceTypes, State } from "../runtime/provider.ts";
import { containsUnknown } from "../runtime/values.ts";
import type { Properties } from "../runtime/values.ts";
import { randomCharacters } from "./characters.ts";
import type { CharacterRules } from "./characters.ts";

/** Any change of these values makes a new random one. */
const keepers = z.record(z.string(), z.unknown()).optional();
const count = z.int().min(0).optional();

const characterInputs = z.object({
  length: z.int().min(1),
  keepers,
  lower: z.boolean().optional(),
  upper: z.boolean().optional(),
  numeric: z.boolean().optional(),
  /** The deprecated name of `numeric`. */
  number: z.boolean().optional(),
  special: z.boolean().optional(),
  overrideSpecial: z.string().optional(),
  minLower: count,
  minUpper: count,
  minNumeric: count,
  minSpecial: count,
});
type CharacterInputs = z.infer<typeof characterInputs>;

/**
 * RandomString and RandomPassword differ in what is secret and in the id: a password must not be one.
 * `bcryptHash` of the official RandomPassword stays undefined.
 */
function characters(options: { isSecret: boolean }) {
  return resourceType({
    inputs: characterInputs,
    computed: ["result"],
    ...(options.isSecret ? { secretOutputs: ["result"] } : {}),
    check: checkCharacters,
    create(inputs) {
      const rules = rulesOf(inputs);
      const result = randomCharacters(rules);
      return Promise.resolve({
        id: options.isSecret ? "none" : result,
        outputs: { ...rules, number: rules.numeric, result },
      });
    },
    read(id, old) {
      if (old !== undefined) return unchanged(old);
      // An import: the id is the text itself.
      return Promise.resolve({ inputs: { length: id.length }, outputs: { result: id } });
    },
    delete: () => Promise.resolve(),
  });
}

function rulesOf(inputs: CharacterInputs): CharacterRules {
  return {
    length: inputs.length,
    lower: inputs.lower ?? true,
    upper: inputs.upper ?? true,
    numeric: inputs.numeric ?? inputs.number ?? true,
    special: inputs.special ?? true,
    minLower: inputs.minLower ?? 0,
    minUpper: inputs.minUpper ?? 0,
    minNumeric: inputs.minNumeric ?? 0,
    minSpecial: inputs.minSpecial ?? 0,
    overrideSpecial: inputs.overrideSpecial,
  };
}

function checkCharacters(inputs: CharacterInputs): CharacterInputs {
  if (containsUnknown(inputs)) return inputs;
  const rules = rulesOf(inputs);
  const required = rules.minLower + rules.minUpper + rules.minNumeric + rules.minSpecial;
  if (required > rules.length) {
    const reason = `is ${rules.length}, less than the ${required} characters that the minima ask for`;
    throw new InvalidInputs([{ property: "length", reason }]);
  }
  if (!rules.lower && !rules.upper && !rules.numeric && !rules.special) {
    throw new InvalidInputs([
      { property: "lower", reason: "is off, like upper, numeric and special: allow one of them" },
    ]);
  }
  return inputs;
}

const randomId = resourceType({
  inputs: z.object({ byteLength: z.int().min(1), keepers, prefix: z.string().optional() }),
  computed: ["b64Std", "b64Url", "dec", "hex"],
  create(inputs) {
    const bytes = randomBytes(inputs.byteLength);
    return Promise.resolve({
      id: bytes.toString("base64url"),
      outputs: idForms(bytes, inputs.prefix),
    });
  },
  read(id, old) {
    if (old !== undefined) return unchanged(old);
    const [encoded = "", prefix] = id.split(",").reverse(); // An import: `[prefix,]base64url`.
    const bytes = Buffer.from(encoded, "base64url");
    return Promise.resolve({
      inputs: { byteLength: bytes.length, ...(prefix === undefined ? {} : { prefix }) },
      outputs: idForms(bytes, prefix),
    });
  },
  delete: () => Promise.resolve(),
});

function idForms(bytes: Buffer, prefix = ""): Properties {
  const hex = bytes.toString("hex");
  return {
    b64Std: prefix + bytes.toString("base64"),
    b64Url: prefix + bytes.toString("base64url"),
    dec: prefix + BigInt(`0x${hex}`).toString(),
    hex: prefix + hex,
  };
}

const randomUuid = resourceType({
  inputs: z.object({ keepers }),
  computed: ["result"],
  create() {
    const result = randomUUID();
    return Promise.resolve({ id: result, outputs: { result } });
  },
  read(id, old) {
    if (old !== undefined) return unchanged(old);
    return Promise.resolve({ inputs: {}, outputs: { result: id } });
  },
  delete: () => Promise.resolve(),
});

/** A random value exists nowhere but in the state. */
function unchanged<Inputs>({ inputs, outputs }: State<Inputs>) {
  return Promise.resolve({ inputs, outputs });
}

/** Every input is a reason to draw anew, so none of them has an `update`. */
export const resources: ResourceTypes<object> = {
  "random:index/randomPassword:RandomPassword": characters({ isSecret: true }),
  "random:index/randomString:RandomString": characters({ isSecret: false }),
  "random:index/randomId:RandomId": randomId,
  "random:index/randomUuid:RandomUuid": randomUuid,
};
