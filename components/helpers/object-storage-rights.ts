import type { QueryEngineKind } from "../config.ts";

/** The buckets of every stack. */
export const buckets = ["warehouse", "checkpoints", "storage", "bronze"] as const;
/** Where Dremio keeps reflections and results. */
export const dremioBucket = "dremio";
/** Where Airflow keeps the logs of its tasks. */
export const airflowBucket = "airflow";
type Bucket = (typeof buckets)[number] | typeof dremioBucket | typeof airflowBucket;

/** The users of the object store, beside its administrator. */
export type ObjectStorageUser =
  "spark" | "nessie" | "query" | "loader" | "copier" | "airflow" | "notebook";

/**
 * What a user may do with a bucket. All may list it; `add` does not include reading, `write` includes
 * reading and deleting.
 */
type Access = "read" | "add" | "write";

/** A user's access, by bucket. */
export type Rights = Partial<Record<Bucket, Access>>;

/** The least rights that each user can do its work with. */
export function rightsOf(
  queryEngine: QueryEngineKind,
): Readonly<Record<ObjectStorageUser, Rights>> {
  return {
    spark: { warehouse: "write", checkpoints: "write", bronze: "read" },
    nessie: { warehouse: "write" },
    query:
      queryEngine === "dremio"
        ? { warehouse: "read", [dremioBucket]: "write" }
        : { warehouse: "read" },
    loader: { storage: "add" },
    copier: { storage: "read", bronze: "add" },
    airflow: { [airflowBucket]: "write" },
    // A user of its own, since Dremio's can write as well.
    notebook: { warehouse: "read" },
  };
}

const see = ["s3:GetBucketLocation", "s3:ListBucket"] as const;

const actions = {
  read: { bucket: see, object: ["s3:GetObject"] },
  add: { bucket: see, object: ["s3:PutObject"] },
  write: {
    bucket: [...see, "s3:ListBucketMultipartUploads"],
    object: [
      "s3:AbortMultipartUpload",
      "s3:DeleteObject",
      "s3:GetObject",
      "s3:ListMultipartUploadParts",
      "s3:PutObject",
    ],
  },
} as const satisfies Record<Access, unknown>;

/** The IAM policy that allows just this, as MinIO writes it. */
export function policyDocument(rights: Rights): string {
  return JSON.stringify({
    Version: "2012-10-17",
    Statement: Object.entries(rights).flatMap(([bucket, access]) => [
      { Effect: "Allow", Action: actions[access].bucket, Resource: [`arn:aws:s3:::${bucket}`] },
      { Effect: "Allow", Action: actions[access].object, Resource: [`arn:aws:s3:::${bucket}/*`] },
    ]),
  });
}
