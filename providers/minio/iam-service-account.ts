import { z } from "zod";
import { diffBridged } from "../bridged/diff.ts";
import { resourceType } from "../runtime/provider.ts";
import type { MinioConnection } from "./connection.ts";
import { codeOf } from "./errors.ts";
import { newSecretKey } from "./iam-user.ts";
import { isSamePolicy, policyText } from "./policy-document.ts";

const accountInputs = z.object({
  targetUser: z.string().min(1),
  /** @default the rights of the user */
  policy: policyText.optional(),
  disableUser: z.boolean().default(false),
  /** Makes up a new secret key with each update. */
  updateSecret: z.boolean().default(false),
});
type AccountInputs = z.infer<typeof accountInputs>;

const credentialsAnswer = z.object({
  credentials: z.object({ accessKey: z.string(), secretKey: z.string() }),
});
const accountAnswer = z.object({
  parentUser: z.string(),
  accountStatus: z.enum(["on", "off"]),
  impliedPolicy: z.boolean(),
  policy: z.string().optional(),
});

/** The server takes this for: no policy of its own. */
const NO_POLICY = { Version: "", Statement: null };

/** An access key of a user, with rights that are at most the user's. */
export const iamServiceAccount = resourceType<typeof accountInputs, MinioConnection>({
  inputs: accountInputs,
  computed: ["accessKey", "secretKey", "status"],
  secretOutputs: ["secretKey"],

  diff: (_id, old, inputs, { ignoreChanges }) =>
    diffBridged(old, inputs, ignoreChanges, {
      replaceOn: ["targetUser"],
      same: { policy: isSamePolicy },
    }),

  async create(inputs, { context: minio }) {
    const { credentials } = await minio.admin.askSecret(credentialsAnswer, {
      method: "PUT",
      path: "add-service-account",
      body: { targetUser: inputs.targetUser, policy: policyOf(inputs) },
      isEncrypted: true,
    });
    const { accessKey, secretKey } = credentials;
    if (inputs.disableUser) await change(minio, accessKey, { newStatus: "off" });
    return { id: accessKey, outputs: outputsOf(inputs, accessKey, secretKey) };
  },

  async read(id, old, { context: minio }) {
    const account = await readAccount(minio, id);
    if (account === undefined) return undefined;
    const actual = account.impliedPolicy ? undefined : account.policy;
    const recorded = old?.inputs.policy;
    const policy = isSamePolicy(recorded, actual) ? recorded : actual;
    const inputs: AccountInputs = {
      targetUser: account.parentUser,
      disableUser: account.accountStatus === "off",
      updateSecret: old?.inputs.updateSecret ?? false,
      ...(policy === undefined ? {} : { policy }),
    };
    // The server never tells a secret.
    return { inputs, outputs: outputsOf(inputs, id, old?.outputs["secretKey"]) };
  },

  async update(id, old, inputs, { context: minio }) {
    const secretKey = inputs.updateSecret ? newSecretKey() : old.outputs["secretKey"];
    await change(minio, id, {
      newStatus: statusOf(inputs),
      newPolicy: policyOf(inputs),
      ...(inputs.updateSecret ? { newSecretKey: secretKey } : {}),
    });
    return { ...outputsOf(inputs, id, secretKey), policy: inputs.policy };
  },

  async delete(id, _old, { context: minio }) {
    if ((await readAccount(minio, id)) === undefined) return;
    const query = { accessKey: id };
    await minio.admin.run({ method: "DELETE", path: "delete-service-account", query });
  },
});

function policyOf({ policy }: AccountInputs): unknown {
  return policy === undefined ? NO_POLICY : (JSON.parse(policy) as unknown);
}

function statusOf({ disableUser }: AccountInputs): "on" | "off" {
  return disableUser ? "off" : "on";
}

function outputsOf(inputs: AccountInputs, accessKey: string, secretKey: unknown) {
  return { ...inputs, accessKey, secretKey, status: statusOf(inputs) };
}

async function change(
  minio: MinioConnection,
  accessKey: string,
  body: Readonly<Record<string, unknown>>,
): Promise<void> {
  await minio.admin.run({
    method: "POST",
    path: "update-service-account",
    query: { accessKey },
    body,
    isEncrypted: true,
  });
}

/** `undefined` if there is no such account. */
async function readAccount(minio: MinioConnection, accessKey: string) {
  try {
    return await minio.admin.askSecret(accountAnswer, {
      method: "GET",
      path: "info-service-account",
      query: { accessKey },
    });
  } catch (error) {
    if (codeOf(error) === "XMinioInvalidIAMCredentials") return undefined;
    throw error;
  }
}
