import { DeleteBucketPolicyCommand, PutBucketPolicyCommand } from "@aws-sdk/client-s3";
import { z } from "zod";
import { diffBridged } from "../bridged/diff.ts";
import { resourceType } from "../runtime/provider.ts";
import { readBucketPolicy } from "./bucket-policy.ts";
import type { MinioConnection } from "./connection.ts";
import { codeOf, MinioError } from "./errors.ts";
import { isSamePolicy, policyText } from "./policy-document.ts";

const policyInputs = z.object({ bucket: z.string().min(1), policy: policyText });
type PolicyInputs = z.infer<typeof policyInputs>;

/** The whole policy of a bucket. */
export const s3BucketPolicy = resourceType<typeof policyInputs, MinioConnection>({
  inputs: policyInputs,

  diff: (_id, old, inputs, { ignoreChanges }) =>
    diffBridged(old, inputs, ignoreChanges, {
      replaceOn: ["bucket"],
      same: { policy: isSamePolicy },
    }),

  async create(inputs, { context: minio }) {
    await put(minio, inputs);
    return { id: inputs.bucket, outputs: inputs };
  },

  async read(id, old, { context: minio }) {
    const actual = await readBucketPolicy(minio, id);
    if (actual === undefined) return undefined;
    const recorded = old?.inputs.policy;
    const policy = recorded !== undefined && isSamePolicy(recorded, actual) ? recorded : actual;
    const inputs = { bucket: id, policy };
    return { inputs, outputs: inputs };
  },

  async update(_id, _old, inputs, { context: minio }) {
    await put(minio, inputs);
    return inputs;
  },

  async delete(id, _old, { context: minio }) {
    try {
      await minio.s3((s3) => s3.send(new DeleteBucketPolicyCommand({ Bucket: id })));
    } catch (error) {
      if (!["NoSuchBucketPolicy", "NoSuchBucket"].includes(codeOf(error) ?? "")) throw error;
    }
  },
});

async function put(minio: MinioConnection, { bucket, policy }: PolicyInputs): Promise<void> {
  try {
    await minio.s3((s3) => s3.send(new PutBucketPolicyCommand({ Bucket: bucket, Policy: policy })));
  } catch (error) {
    if (codeOf(error) !== "MalformedPolicy") throw error;
    throw new MinioError(
      "MalformedPolicy",
      `The policy of bucket ${bucket} does not work: ${error instanceof Error ? error.message : ""}. ` +
        "A bucket policy needs a Principal, and resources of this bucket alone.",
      { cause: error },
    );
  }
}
