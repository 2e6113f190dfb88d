import official from "@pulumi/minio/package.json" with { type: "json" };
import type { ProviderDefinition } from "../runtime/provider.ts";
import { configSchema, connectionOptions } from "./config.ts";
import { MinioConnection } from "./connection.ts";
import { iamPolicy } from "./iam-policy.ts";
import { iamServiceAccount } from "./iam-service-account.ts";
import { iamUserPolicyAttachment } from "./iam-user-policy-attachment.ts";
import { iamUser } from "./iam-user.ts";
import { s3BucketNotification } from "./s3-bucket-notification.ts";
import { s3BucketPolicy } from "./s3-bucket-policy.ts";
import { s3BucketVersioning } from "./s3-bucket-versioning.ts";
import { s3Bucket } from "./s3-bucket.ts";

/**
 * Stands in for the official MinIO plugin: buckets through the S3 client, users and policies through
 * MinIO's admin API.
 */
export const minioProvider: ProviderDefinition<typeof configSchema, MinioConnection> = {
  name: "minio",
  version: official.version,
  config: configSchema,
  configure: (config) => new MinioConnection(connectionOptions(config, process.env)),
  resources: {
    "minio:index/iamPolicy:IamPolicy": iamPolicy,
    "minio:index/iamServiceAccount:IamServiceAccount": iamServiceAccount,
    "minio:index/iamUser:IamUser": iamUser,
    "minio:index/iamUserPolicyAttachment:IamUserPolicyAttachment": iamUserPolicyAttachment,
    "minio:index/s3Bucket:S3Bucket": s3Bucket,
    "minio:index/s3BucketNotification:S3BucketNotification": s3BucketNotification,
    "minio:index/s3BucketPolicy:S3BucketPolicy": s3BucketPolicy,
    "minio:index/s3BucketVersioning:S3BucketVersioning": s3BucketVersioning,
  },
};
