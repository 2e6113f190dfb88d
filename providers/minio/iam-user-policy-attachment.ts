import { z } from "zod";
import { diffBridged } from "../bridged/diff.ts";
import { resourceType } from "../runtime/provider.ts";
import type { MinioConnection } from "./connection.ts";
import { codeOf } from "./errors.ts";
import { policyName } from "./iam-policy.ts";
import { readUser, userName } from "./iam-user.ts";
import { uniqueId } from "./unique-id.ts";

const attachmentInputs = z.object({ policyName, userName });
type AttachmentInputs = z.infer<typeof attachmentInputs>;

/** One policy of one user. Any change makes a new one. */
export const iamUserPolicyAttachment = resourceType<typeof attachmentInputs, MinioConnection>({
  inputs: attachmentInputs,

  diff: (_id, old, inputs, { ignoreChanges }) =>
    diffBridged(old, inputs, ignoreChanges, { replaceOn: ["policyName", "userName"] }),

  async create(inputs, { context: minio }) {
    await change(minio, "attach", inputs);
    return { id: uniqueId(`${inputs.userName}-`), outputs: inputs };
  },

  async read(id, old, { context: minio }) {
    const inputs = old?.inputs ?? parseImportId(id);
    const user = await readUser(minio, inputs.userName);
    const policies = user?.policyName?.split(",") ?? [];
    return policies.includes(inputs.policyName) ? { inputs, outputs: inputs } : undefined;
  },

  async delete(_id, old, { context: minio }) {
    try {
      await change(minio, "detach", old.inputs);
    } catch (error) {
      if (!["XMinioAdminNoSuchUser", "XMinioAdminNoSuchPolicy"].includes(codeOf(error) ?? "")) {
        throw error;
      }
    }
  },
});

function parseImportId(id: string): AttachmentInputs {
  const [user = "", policy = "", ...rest] = id.split("/");
  if (user !== "" && policy !== "" && rest.length === 0)
    return { userName: user, policyName: policy };
  throw new Error(`"${id}" is no policy attachment: import it as USER/POLICY`);
}

async function change(
  minio: MinioConnection,
  verb: "attach" | "detach",
  { userName: user, policyName: policy }: AttachmentInputs,
): Promise<void> {
  try {
    await minio.admin.run({
      method: "POST",
      path: `idp/builtin/policy/${verb}`,
      body: { user, policies: [policy] },
      isEncrypted: true,
    });
  } catch (error) {
    if (codeOf(error) !== "XMinioAdminPolicyChangeAlreadyApplied") throw error;
  }
}
