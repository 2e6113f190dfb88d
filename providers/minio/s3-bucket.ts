import {
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteBucketPolicyCommand,
  GetObjectLockConfigurationCommand,
  HeadBucketCommand,
  ListObjectVersionsCommand,
  PutBucketPolicyCommand,
} from "@aws-sdk/client-s3";
import { z } from "zod";
import { diffBridged } from "../bridged/diff.ts";
import { InvalidInputs, resourceType } from "../runtime/provider.ts";
import { isUnknown } from "../runtime/values.ts";
import { readBucketPolicy } from "./bucket-policy.ts";
import { ACLS, actualAcl, ARN_PREFIX, cannedPolicy } from "./canned-acl.ts";
import type { Acl } from "./canned-acl.ts";
import type { MinioConnection } from "./connection.ts";
import { emptyBucket } from "./empty-bucket.ts";
import { codeOf } from "./errors.ts";
import { isSamePolicy } from "./policy-document.ts";
import { uniqueId } from "./unique-id.ts";

const PREFIX_MAX_LENGTH = 63 - 26;

const bucketInputs = z.object({
  bucket: z
    .string()
    .regex(
      /^(?!.*\.\.)[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/,
      "must be 3 to 63 lower-case letters, digits, hyphens or single dots, with a letter or digit at both ends",
    )
    .refine((name) => !/^\d+\.\d+\.\d+\.\d+$/.test(name), "must not look like an IP address")
    .optional(),
  bucketPrefix: z
    .string()
    .max(PREFIX_MAX_LENGTH, `must be at most ${PREFIX_MAX_LENGTH} characters`)
    .optional(),
  acl: z.enum(ACLS, `must be one of ${ACLS.join(", ")}`).default("private"),
  forceDestroy: z.boolean().default(false),
  objectLocking: z.boolean().default(false),
  /** Bytes. */
  quota: z.int().min(1, "must be at least 1 byte").optional(),
});
type BucketInputs = z.infer<typeof bucketInputs>;

const quotaAnswer = z.object({ quota: z.number().optional(), size: z.number().optional() });

/** A bucket with its access and its quota. `forceDestroy` lets its objects be deleted with it. */
export const s3Bucket = resourceType<typeof bucketInputs, MinioConnection>({
  inputs: bucketInputs,
  computed: ["arn", "bucketDomainName", "bucket"],

  check(inputs, { old }) {
    if (inputs.bucket !== undefined && inputs.bucketPrefix !== undefined) {
      const reason = "must not be given together with bucket";
      throw new InvalidInputs([{ property: "bucketPrefix", reason }]);
    }
    const wasLocking = old?.["objectLocking"] ?? false;
    const isSameBucket = old !== undefined && old["bucket"] === inputs.bucket;
    if (isSameBucket && !isUnknown(inputs.objectLocking) && wasLocking !== inputs.objectLocking) {
      const reason = "can only be chosen when a bucket is made. Choose another bucket name with it";
      throw new InvalidInputs([{ property: "objectLocking", reason }]);
    }
    return inputs;
  },

  diff: (_id, old, inputs, { ignoreChanges }) =>
    diffBridged(old, inputs, ignoreChanges, {
      replaceOn: ["bucket", "bucketPrefix"],
      kept: ["bucket"],
    }),

  async create(inputs, operation) {
    const { context: minio } = operation;
    const name = inputs.bucket ?? uniqueId(inputs.bucketPrefix ?? "terraform-");
    try {
      await minio.s3((s3) =>
        s3.send(
          new CreateBucketCommand({
            Bucket: name,
            ObjectLockEnabledForBucket: inputs.objectLocking,
          }),
        ),
      );
    } catch (error) {
      if (codeOf(error) !== "BucketAlreadyOwnedByYou") throw error;
      await requireOurs(minio, name, inputs.objectLocking);
    }
    await setAcl(minio, name, inputs.acl, "private");
    if (inputs.quota !== undefined) await setQuota(minio, name, inputs.quota);
    return { id: name, outputs: outputsOf(minio, name, inputs) };
  },

  async read(id, old, { context: minio }) {
    if (!(await exists(minio, id))) return undefined;
    const recorded = old?.inputs ?? {
      bucket: id,
      forceDestroy: false,
      // For an import: find out which of the others it is.
      acl: "public",
    };
    const actual: BucketInputs = {
      ...recorded,
      acl: actualAcl(await readBucketPolicy(minio, id), id, recorded.acl),
      objectLocking: await isLocking(minio, id),
    };
    const quota = await readQuota(minio, id);
    if (quota === undefined) delete actual.quota;
    else actual.quota = quota;
    return { inputs: actual, outputs: outputsOf(minio, id, actual) };
  },

  async update(id, old, inputs, { context: minio }) {
    if (old.inputs.acl !== inputs.acl) await setAcl(minio, id, inputs.acl, old.inputs.acl);
    if (old.inputs.quota !== inputs.quota) await setQuota(minio, id, inputs.quota ?? 0);
    return outputsOf(minio, id, inputs);
  },

  async delete(id, old, operation) {
    const { context: minio } = operation;
    if (!(await exists(minio, id))) return;
    try {
      await removeBucket(minio, id);
    } catch (error) {
      if (codeOf(error) !== "BucketNotEmpty") throw error;
      if (!old.inputs.forceDestroy) {
        throw new Error(
          `Bucket ${id} holds objects, so it is kept. Set forceDestroy: true and update to delete them with it.`,
          { cause: error },
        );
      }
      await emptyBucket(operation, id);
      await removeBucket(minio, id);
    }
  },
});

function outputsOf(minio: MinioConnection, name: string, inputs: BucketInputs) {
  return {
    ...inputs,
    bucket: name,
    arn: `${ARN_PREFIX}${name}`,
    bucketDomainName: `${minio.endpoint}/minio/${name}`,
  };
}

async function exists(minio: MinioConnection, name: string): Promise<boolean> {
  try {
    await minio.s3((s3) => s3.send(new HeadBucketCommand({ Bucket: name })));
    return true;
  } catch (error) {
    if (["NotFound", "NoSuchBucket", "Http404"].includes(codeOf(error) ?? "")) return false;
    throw error;
  }
}

async function isLocking(minio: MinioConnection, name: string): Promise<boolean> {
  try {
    await minio.s3((s3) => s3.send(new GetObjectLockConfigurationCommand({ Bucket: name })));
    return true;
  } catch (error) {
    if (codeOf(error) === "ObjectLockConfigurationNotFoundError") return false;
    throw error;
  }
}

/**
 * An update that was interrupted while it made the bucket left it empty: it is taken over. A bucket
 * with objects belongs to someone else.
 */
async function requireOurs(minio: MinioConnection, name: string, isWanted: boolean): Promise<void> {
  const { Versions = [], DeleteMarkers = [] } = await minio.s3((s3) =>
    s3.send(new ListObjectVersionsCommand({ Bucket: name, MaxKeys: 1 })),
  );
  const isEmpty = Versions.length === 0 && DeleteMarkers.length === 0;
  if (isEmpty && (await isLocking(minio, name)) === isWanted) return;
  throw new Error(
    `Bucket ${name} exists already ${isEmpty ? "with another objectLocking" : "and holds objects"}. ` +
      `Take it over with: pulumi import minio:index/s3Bucket:S3Bucket NAME ${name}, or choose another name.`,
  );
}

async function removeBucket(minio: MinioConnection, name: string): Promise<void> {
  await minio.s3((s3) => s3.send(new DeleteBucketCommand({ Bucket: name })));
}

async function setAcl(minio: MinioConnection, name: string, acl: Acl, old: Acl): Promise<void> {
  const policy = cannedPolicy(acl, name);
  if (policy !== undefined) {
    await minio.s3((s3) => s3.send(new PutBucketPolicyCommand({ Bucket: name, Policy: policy })));
    return;
  }
  // Only what the old ACL stood for is taken away, not a policy that an S3BucketPolicy made.
  const current = await readBucketPolicy(minio, name);
  if (current !== undefined && isSamePolicy(cannedPolicy(old, name), current)) {
    await minio.s3((s3) => s3.send(new DeleteBucketPolicyCommand({ Bucket: name })));
  }
}

/** @param bytes 0 for none. */
async function setQuota(minio: MinioConnection, bucket: string, bytes: number): Promise<void> {
  await minio.admin.run({
    method: "PUT",
    path: "set-bucket-quota",
    query: { bucket },
    body: { quota: bytes, quotatype: "hard" },
  });
}

async function readQuota(minio: MinioConnection, bucket: string): Promise<number | undefined> {
  const { quota = 0, size = 0 } = await minio.admin.ask(quotaAnswer, {
    method: "GET",
    path: "get-bucket-quota",
    query: { bucket },
  });
  const bytes = Math.max(quota, size);
  return bytes === 0 ? undefined : bytes;
}
