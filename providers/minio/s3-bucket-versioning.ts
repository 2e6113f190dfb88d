import { GetBucketVersioningCommand, PutBucketVersioningCommand } from "@aws-sdk/client-s3";
import { z } from "zod";
import { diffBridged } from "../bridged/diff.ts";
import { resourceType } from "../runtime/provider.ts";
import type { MinioConnection } from "./connection.ts";
import { codeOf } from "./errors.ts";

const STATUSES = ["Enabled", "Suspended"] as const;
type Status = (typeof STATUSES)[number];

const versioningInputs = z.object({
  bucket: z.string().min(1),
  versioningConfiguration: z.strictObject({
    status: z.enum(STATUSES, "must be Enabled or Suspended"),
    // MinIO's own additions, which the S3 client cannot send. Empty ones change nothing.
    excludedPrefixes: z.tuple([], "is not covered by this stand-in").optional(),
    excludeFolders: z.literal(false, "is not covered by this stand-in").optional(),
  }),
});
type VersioningInputs = z.infer<typeof versioningInputs>;

/** Whether a bucket keeps old versions of its objects. */
export const s3BucketVersioning = resourceType<typeof versioningInputs, MinioConnection>({
  inputs: versioningInputs,

  diff: (_id, old, inputs, { ignoreChanges }) =>
    diffBridged(old, inputs, ignoreChanges, { replaceOn: ["bucket"] }),

  async create(inputs, { context: minio }) {
    await put(minio, inputs.bucket, inputs.versioningConfiguration.status);
    return { id: inputs.bucket, outputs: outputsOf(inputs) };
  },

  async read(id, old, { context: minio }) {
    const status = await readStatus(minio, id);
    if (status === undefined) return undefined;
    const inputs = {
      bucket: id,
      versioningConfiguration: { ...old?.inputs.versioningConfiguration, status },
    };
    return { inputs, outputs: outputsOf(inputs) };
  },

  async update(id, _old, inputs, { context: minio }) {
    await put(minio, id, inputs.versioningConfiguration.status);
    return outputsOf(inputs);
  },

  /** A bucket that had versioning can never be without it again, only suspend it. */
  async delete(id, _old, { context: minio }) {
    if ((await readStatus(minio, id)) === "Enabled") await put(minio, id, "Suspended");
  },
});

function outputsOf(inputs: VersioningInputs) {
  const versioningConfiguration = {
    excludedPrefixes: [],
    excludeFolders: false,
    ...inputs.versioningConfiguration,
  };
  return { ...inputs, versioningConfiguration };
}

async function put(minio: MinioConnection, bucket: string, status: Status): Promise<void> {
  await minio.s3((s3) =>
    s3.send(
      new PutBucketVersioningCommand({
        Bucket: bucket,
        VersioningConfiguration: { Status: status },
      }),
    ),
  );
}

/** `undefined` if versioning was never switched on, or the bucket is gone. */
async function readStatus(minio: MinioConnection, bucket: string): Promise<Status | undefined> {
  try {
    const { Status } = await minio.s3((s3) =>
      s3.send(new GetBucketVersioningCommand({ Bucket: bucket })),
    );
    return Status;
  } catch (error) {
    if (codeOf(error) === "NoSuchBucket") return undefined;
    throw error;
  }
}
