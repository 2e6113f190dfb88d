import { z } from "zod";
import { diffBridged } from "../bridged/diff.ts";
import { withName } from "../bridged/names.ts";
import { InvalidInputs, resourceType } from "../runtime/provider.ts";
import type { MinioConnection } from "./connection.ts";
import { codeOf, MinioError } from "./errors.ts";
import { isSamePolicy, policyText } from "./policy-document.ts";
import { uniqueId } from "./unique-id.ts";

/** Names of policies, as the server and the official plugin take them. */
export const policyName = z
  .string()
  .max(96, "must be at most 96 characters")
  .regex(/^[\w+=.@:-]+$/, "may have letters, digits and + = . @ : - _ alone");

const policyInputs = z.object({
  name: policyName.optional(),
  namePrefix: policyName.optional(),
  policy: policyText,
});

const policyAnswer = z.object({ Policy: z.unknown() });

/** A named policy that users can have. Making one that exists gives it this content. */
export const iamPolicy = resourceType<typeof policyInputs, MinioConnection>({
  inputs: policyInputs,
  computed: ["name"],

  check(inputs, operation) {
    if (inputs.namePrefix === undefined) return withName(inputs, operation);
    if (inputs.name === undefined) return inputs;
    const reason = "must not be given together with name";
    throw new InvalidInputs([{ property: "namePrefix", reason }]);
  },

  diff: (_id, old, inputs, { ignoreChanges }) =>
    diffBridged(old, inputs, ignoreChanges, {
      replaceOn: ["name", "namePrefix"],
      same: { policy: isSamePolicy },
    }),

  async create(inputs, { context: minio }) {
    const name = inputs.name ?? uniqueId(inputs.namePrefix ?? "");
    await put(minio, name, inputs.policy);
    return { id: name, outputs: { ...inputs, name } };
  },

  async read(id, old, { context: minio }) {
    const actual = await readPolicy(minio, id);
    if (actual === undefined) return undefined;
    const recorded = old?.inputs.policy;
    const policy = recorded !== undefined && isSamePolicy(recorded, actual) ? recorded : actual;
    const inputs = { ...(old?.inputs ?? { name: id }), policy };
    return { inputs, outputs: { ...inputs, name: id } };
  },

  async update(id, _old, inputs, { context: minio }) {
    await put(minio, id, inputs.policy);
    return { ...inputs, name: id };
  },

  async delete(id, _old, { context: minio }) {
    try {
      await minio.admin.run({
        method: "DELETE",
        path: "remove-canned-policy",
        query: { name: id },
      });
    } catch (error) {
      if (codeOf(error) === "XMinioAdminNoSuchPolicy") return;
      if (codeOf(error) !== "XMinioIAMPolicyInUse") throw error;
      throw new MinioError(
        "XMinioIAMPolicyInUse",
        `Policy ${id} is in use, so it is kept. Detach it from its users and groups first.`,
        { cause: error },
      );
    }
  },
});

async function put(minio: MinioConnection, name: string, policy: string): Promise<void> {
  const body: unknown = JSON.parse(policy);
  await minio.admin.run({ method: "PUT", path: "add-canned-policy", query: { name }, body });
}

/** `undefined` if there is no such policy. */
async function readPolicy(minio: MinioConnection, name: string): Promise<string | undefined> {
  try {
    const { Policy } = await minio.admin.ask(policyAnswer, {
      method: "GET",
      path: "info-canned-policy",
      query: { name, v: "2" },
    });
    return JSON.stringify(Policy);
  } catch (error) {
    if (codeOf(error) === "XMinioAdminNoSuchPolicy") return undefined;
    throw error;
  }
}
