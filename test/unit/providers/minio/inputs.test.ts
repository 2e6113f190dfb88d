import { describe, expect, it } from "vitest";
import { minioProvider } from "../../../../providers/minio/provider.ts";
import { failuresOf } from "../failures.ts";

const BUCKET = "minio:index/s3Bucket:S3Bucket";
const policy = JSON.stringify({ Version: "2012-10-17", Statement: [] });

describe("inputs of minio resources", () => {
  it.each([
    [BUCKET, { bucket: "My_Bucket" }, "bucket: must be 3 to 63 lower-case letters"],
    [BUCKET, { bucket: "a..b" }, "bucket: must be 3 to 63 lower-case letters"],
    [BUCKET, { bucket: "192.168.0.1" }, "bucket: must not look like an IP address"],
    [
      BUCKET,
      { bucket: "abc", bucketPrefix: "a" },
      "bucketPrefix: must not be given together with bucket",
    ],
    [BUCKET, { bucket: "abc", acl: "open" }, "acl: must be one of private, public-read"],
    [BUCKET, { bucket: "abc", quota: 0 }, "quota: must be at least 1 byte"],
    [
      "minio:index/s3BucketNotification:S3BucketNotification",
      { bucket: "abc", queues: [{ queueArn: "arn:minio:sqs::kafka", events: [] }] },
      "queues[0].queueArn: must be arn:minio:sqs:REGION:ID:TYPE, such as arn:minio:sqs::PRIMARY:kafka",
    ],
    [
      "minio:index/s3BucketNotification:S3BucketNotification",
      {
        bucket: "abc",
        queues: [{ queueArn: "arn:minio:sqs::A:kafka", events: ["ObjectCreated"] }],
      },
      "queues[0].events[0]: must begin with s3:, such as s3:ObjectCreated:*",
    ],
    [
      "minio:index/s3BucketPolicy:S3BucketPolicy",
      { bucket: "abc", policy: "{" },
      "policy: must be a policy as JSON text",
    ],
    [
      "minio:index/s3BucketVersioning:S3BucketVersioning",
      { bucket: "abc", versioningConfiguration: { status: "Disabled" } },
      "versioningConfiguration.status: must be Enabled or Suspended",
    ],
    [
      "minio:index/s3BucketVersioning:S3BucketVersioning",
      { bucket: "abc", versioningConfiguration: { status: "Enabled", excludeFolders: true } },
      "versioningConfiguration.excludeFolders: is not covered by this stand-in",
    ],
    ["minio:index/iamUser:IamUser", { name: "a user" }, "name: may have letters, digits"],
    ["minio:index/iamUser:IamUser", { secret: "short" }, "secret: must be at least 8 characters"],
    ["minio:index/iamPolicy:IamPolicy", { name: "a,b", policy }, "name: may have letters, digits"],
    [
      "minio:index/iamPolicy:IamPolicy",
      { name: "a", namePrefix: "b", policy },
      "namePrefix: must not be given together with name",
    ],
  ])("%s %j is refused", async (token, inputs, failure) => {
    const [first] = await failuresOf(minioProvider, token, inputs);
    expect(first?.slice(0, failure.length)).toBe(failure);
  });

  it("object locking is chosen when a bucket is made, and only then", async () => {
    const old = { bucket: "abc", objectLocking: false };
    const wanted = { bucket: "abc", objectLocking: true };
    expect(await failuresOf(minioProvider, BUCKET, wanted)).toEqual([]);
    expect(await failuresOf(minioProvider, BUCKET, wanted, old)).toEqual([
      "objectLocking: can only be chosen when a bucket is made. Choose another bucket name with it",
    ]);
    expect(await failuresOf(minioProvider, BUCKET, { ...wanted, bucket: "abcd" }, old)).toEqual([]);
  });
});
