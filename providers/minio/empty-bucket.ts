import { DeleteObjectsCommand, ListObjectVersionsCommand } from "@aws-sdk/client-s3";
import type { Operation } from "../runtime/provider.ts";
import type { MinioConnection } from "./connection.ts";

/** Deletes all objects of a bucket in all their versions, a page of at most 1,000 at a time. */
export async function emptyBucket(
  operation: Pick<Operation<MinioConnection>, "context" | "signal" | "status">,
  bucket: string,
): Promise<void> {
  const { context: minio, signal } = operation;
  for (let deleted = 0; ;) {
    const page = await minio.s3((s3) =>
      s3.send(new ListObjectVersionsCommand({ Bucket: bucket }), { abortSignal: signal }),
    );
    const objects = [...(page.Versions ?? []), ...(page.DeleteMarkers ?? [])].map(
      ({ Key, VersionId }) => ({ Key, ...(VersionId === undefined ? {} : { VersionId }) }),
    );
    if (objects.length === 0) return;

    const { Errors = [] } = await minio.s3((s3) =>
      s3.send(
        new DeleteObjectsCommand({ Bucket: bucket, Delete: { Objects: objects, Quiet: true } }),
        { abortSignal: signal },
      ),
    );
    const [failed] = Errors;
    if (failed !== undefined) {
      throw new Error(
        `Bucket ${bucket} cannot be emptied: ${failed.Key ?? ""}: ${failed.Message ?? failed.Code ?? "refused"}. ` +
          "An object under retention can only be deleted once that is over.",
      );
    }
    deleted += objects.length;
    operation.status(`deleted ${deleted} objects of bucket ${bucket}`);
  }
}
