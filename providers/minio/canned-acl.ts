import { isSamePolicy } from "./policy-document.ts";

/** Prefix of the names of buckets and objects in policies. */
export const ARN_PREFIX = "arn:aws:s3:::";

export const ACLS = [
  "private",
  "public-read",
  "public-write",
  "public-read-write",
  "public",
] as const;
export type Acl = (typeof ACLS)[number];

const WRITE_OBJECTS = [
  "s3:AbortMultipartUpload",
  "s3:DeleteObject",
  "s3:ListMultipartUploadParts",
  "s3:PutObject",
];

const EVERYTHING = [
  ...WRITE_OBJECTS,
  "s3:CreateBucket",
  "s3:DeleteBucket",
  "s3:DeleteBucketPolicy",
  "s3:GetBucketLocation",
  "s3:GetBucketNotification",
  "s3:GetBucketPolicy",
  "s3:GetObject",
  "s3:HeadBucket",
  "s3:ListAllMyBuckets",
  "s3:ListBucket",
  "s3:ListBucketMultipartUploads",
  "s3:ListenBucketNotification",
  "s3:PutBucketNotification",
  "s3:PutBucketPolicy",
];

/** The bucket policy that an ACL stands for, the same as the official plugin's; none for `private`. */
export function cannedPolicy(acl: Acl, bucketName: string): string | undefined {
  const bucket = `${ARN_PREFIX}${bucketName}`;
  const objects = `${bucket}/*`;
  switch (acl) {
    case "private":
      return undefined;
    case "public-read":
      return policy(
        allow("ListAllBucket", ["s3:ListBucket", "s3:ListAllMyBuckets"], `${ARN_PREFIX}*`),
        allow("AllObjectActionsMyBuckets", ["s3:ListBucket", "s3:GetObject"], bucket, objects),
      );
    case "public-write":
      return policy(
        allow("ListBucketAction", ["s3:ListBucket"], bucket),
        allow("AllObjectActionsMyBuckets", WRITE_OBJECTS, objects),
      );
    case "public-read-write":
      return policy(
        allow("ListObjectsInBucket", ["s3:ListBucket"], bucket),
        allow("UploadObjectActions", ["s3:PutObject"], objects),
      );
    case "public":
      return policy(allow("AllowAllS3Actions", EVERYTHING, bucket, objects));
  }
}

/**
 * The ACL that a bucket really has. A policy that none of them stands for is someone else's, an
 * S3BucketPolicy for instance, and says nothing about the ACL.
 *
 * @param policyText The bucket's policy, if it has one.
 * @param recorded The ACL that the bucket was given last.
 */
export function actualAcl(policyText: string | undefined, bucketName: string, recorded: Acl): Acl {
  if (policyText === undefined) return "private";
  if (recorded === "private") return "private";
  return ACLS.find((acl) => isSamePolicy(cannedPolicy(acl, bucketName), policyText)) ?? recorded;
}

function policy(...statements: readonly unknown[]): string {
  return JSON.stringify({ Version: "2012-10-17", Statement: statements });
}

function allow(id: string, actions: readonly string[], ...resources: readonly string[]) {
  return {
    Sid: id,
    Effect: "Allow",
    Principal: { AWS: ["*"] },
    Action: [...actions].sort(),
    Resource: resources,
  };
}
