import { randomBytes } from "node:crypto";
import { z } from "zod";
import { diffBridged } from "../bridged/diff.ts";
import { withName } from "../bridged/names.ts";
import { resourceType } from "../runtime/provider.ts";
import type { MinioConnection } from "./connection.ts";
import { codeOf } from "./errors.ts";

/** Names of users, as the server and the official plugin take them. */
export const userName = z
  .string()
  .min(3, "must be at least 3 characters")
  .regex(/^[0-9A-Za-z=,.@_+-]+$/, "may have letters, digits and = , . @ - _ + alone");

const userInputs = z.object({
  name: userName.optional(),
  /** @default made up */
  secret: z.string().min(8, "must be at least 8 characters").optional(),
  disableUser: z.boolean().default(false),
  /** Accepted as in the official plugin; a user is always deleted with its access keys. */
  forceDestroy: z.boolean().default(false),
  /** Makes up a new secret with each update. */
  updateSecret: z.boolean().default(false),
  /** Kept in the state alone: MinIO has no tags for users. */
  tags: z.record(z.string(), z.string()).optional(),
});
type UserInputs = z.infer<typeof userInputs>;

const userAnswer = z.object({
  status: z.enum(["enabled", "disabled"]),
  policyName: z.string().optional(),
  memberOf: z.array(z.string()).optional(),
});
export type UserInfo = z.infer<typeof userAnswer>;

/** A user and its secret key. Making one that exists gives it this secret. */
export const iamUser = resourceType<typeof userInputs, MinioConnection>({
  inputs: userInputs,
  computed: ["secret", "status"],
  secretOutputs: ["secret"],

  check: (inputs, operation) => withName(inputs, operation),

  diff: (_id, old, inputs, { ignoreChanges }) =>
    diffBridged(old, inputs, ignoreChanges, { replaceOn: ["name"], kept: ["secret"] }),

  async create(inputs, { context: minio }) {
    const name = inputs.name ?? "";
    const secret = inputs.secret ?? newSecretKey();
    await putUser(minio, name, secret, inputs);
    return { id: name, outputs: outputsOf(inputs, secret) };
  },

  async read(id, old, { context: minio }) {
    const user = await readUser(minio, id);
    if (user === undefined) return undefined;
    const recorded = old?.inputs ?? { name: id, forceDestroy: false, updateSecret: false };
    const inputs = { ...recorded, disableUser: user.status === "disabled" };
    // The server never tells a secret.
    return { inputs, outputs: { ...inputs, secret: old?.outputs["secret"], status: user.status } };
  },

  async update(id, old, inputs, { context: minio }) {
    const recorded = old.outputs["secret"];
    const wanted = inputs.updateSecret ? newSecretKey() : (inputs.secret ?? recorded);
    // An imported user has no recorded secret and gets a new one.
    const secret = typeof wanted === "string" ? wanted : newSecretKey();
    if (secret !== recorded) {
      await putUser(minio, id, secret, inputs);
    } else if (old.inputs.disableUser !== inputs.disableUser) {
      await setStatus(minio, id, inputs);
    }
    return outputsOf(inputs, secret);
  },

  async delete(id, _old, { context: minio }) {
    const user = await readUser(minio, id);
    if (user === undefined) return;
    for (const group of user.memberOf ?? []) {
      const body = { group, members: [id], isRemove: true };
      await minio.admin.run({ method: "PUT", path: "update-group-members", body });
    }
    const query = { accessKey: id };
    await minio.admin.run({ method: "DELETE", path: "remove-user", query });
  },
});

/** 40 characters, as long as the keys that MinIO makes. */
export function newSecretKey(): string {
  return randomBytes(30).toString("base64url");
}

/** `undefined` if there is no such user. */
export async function readUser(
  minio: MinioConnection,
  accessKey: string,
): Promise<UserInfo | undefined> {
  try {
    return await minio.admin.ask(userAnswer, {
      method: "GET",
      path: "user-info",
      query: { accessKey },
    });
  } catch (error) {
    if (codeOf(error) === "XMinioAdminNoSuchUser") return undefined;
    throw error;
  }
}

async function putUser(
  minio: MinioConnection,
  accessKey: string,
  secretKey: string,
  inputs: UserInputs,
): Promise<void> {
  await minio.admin.run({
    method: "PUT",
    path: "add-user",
    query: { accessKey },
    body: { secretKey, status: statusOf(inputs) },
    isEncrypted: true,
  });
}

async function setStatus(
  minio: MinioConnection,
  accessKey: string,
  inputs: UserInputs,
): Promise<void> {
  const query = { accessKey, status: statusOf(inputs) };
  await minio.admin.run({ method: "PUT", path: "set-user-status", query });
}

function statusOf({ disableUser }: UserInputs): UserInfo["status"] {
  return disableUser ? "disabled" : "enabled";
}

function outputsOf(inputs: UserInputs, secret: string) {
  return { ...inputs, secret, status: statusOf(inputs) };
}
