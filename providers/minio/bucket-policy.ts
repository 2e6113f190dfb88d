import { GetBucketPolicyCommand } from "@aws-sdk/client-s3";
import type { MinioConnection } from "./connection.ts";
import { codeOf } from "./errors.ts";

/** The policy of a bucket; `undefined` if it, or the bucket, does not exist. */
export async function readBucketPolicy(
  minio: MinioConnection,
  bucket: string,
): Promise<string | undefined> {
  try {
    const { Policy } = await minio.s3((s3) =>
      s3.send(new GetBucketPolicyCommand({ Bucket: bucket })),
    );
    return Policy;
  } catch (error) {
    if (["NoSuchBucketPolicy", "NoSuchBucket"].includes(codeOf(error) ?? "")) return undefined;
    throw error;
  }
}
