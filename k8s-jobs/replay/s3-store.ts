import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { Agent } from "node:http";

import {
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
  S3ServiceException,
} from "@aws-sdk/client-s3";
import { NodeHttpHandler } from "@smithy/node-http-handler";
import pRetry from "p-retry";

import { UserError } from "../../cli/errors.ts";
import { networkReason } from "../../providers/minio/errors.ts";
import type { ObjectStore, ObjectStoreAccess } from "./object-store.ts";
import { escapeKey, type ObjectWrite, RefusedError, SignedRequests } from "./signed-requests.ts";

/** A store that restarts is back within these attempts, half a minute or more. */
const attempts = 8;
/** In ms; the store is in the same cluster or on the same machine. */
const connectionTimeout = 5_000;
/** In ms; an object takes milliseconds, unless the store is about to fall over. */
const requestTimeout = 60_000;
/** MinIO takes any, and this is what clients say who know of none. */
const region = "us-east-1";

/** MinIO, or another object store, through S3's API. */
export class S3Store implements ObjectStore {
  readonly #endpoint: string;
  readonly #client: S3Client;
  readonly #requests: SignedRequests;

  /** @param connections requests that may be under way at a time. */
  constructor(access: ObjectStoreAccess, connections: number) {
    const { endpoint, accessKey, secretKey } = access;
    const handler = new NodeHttpHandler({
      connectionTimeout,
      requestTimeout,
      httpAgent: new Agent({ keepAlive: true, maxSockets: connections }),
    });
    this.#endpoint = endpoint;
    this.#requests = new SignedRequests(access, region, handler);
    this.#client = new S3Client({
      endpoint,
      region,
      credentials: { accessKeyId: accessKey, secretAccessKey: secretKey },
      forcePathStyle: true,
      // One loop of attempts, for both ways of asking.
      maxAttempts: 1,
      requestHandler: handler,
    });
  }

  async *list(bucket: string, prefix: string): AsyncGenerator<string> {
    let ContinuationToken: string | undefined;
    do {
      // XML cannot hold every character that a key can, so keys come URL-encoded.
      const query = { Bucket: bucket, Prefix: prefix, EncodingType: "url" } as const;
      const page = await this.#try(() =>
        this.#client.send(new ListObjectsV2Command({ ...query, ContinuationToken })),
      );
      for (const { Key = "" } of page.Contents ?? []) {
        yield decodeURIComponent(Key.replaceAll("+", " "));
      }
      ContinuationToken = page.NextContinuationToken;
    } while (ContinuationToken !== undefined);
  }

  async put(bucket: string, key: string, text: string): Promise<void> {
    await this.#write({
      bucket,
      key,
      headers: { "content-type": "application/json" },
      body: text,
    });
  }

  async putFile(bucket: string, key: string, path: string): Promise<void> {
    const { size } = await stat(path);
    await this.#try(() =>
      this.#client.send(
        new PutObjectCommand({
          Bucket: bucket,
          Key: key,
          Body: createReadStream(path),
          ContentLength: size,
          ContentType: "application/vnd.apache.parquet",
        }),
      ),
    );
  }

  async copy(key: string, from: string, to: string): Promise<void> {
    const source = `${from}/${escapeKey(key)}`;
    await this.#write({ bucket: to, key, headers: { "x-amz-copy-source": source }, body: "" });
  }

  close(): void {
    this.#client.destroy();
  }

  async #write(write: ObjectWrite): Promise<void> {
    await this.#try(() => this.#requests.write(write));
  }

  async #try<Result>(request: () => Promise<Result>): Promise<Result> {
    try {
      return await pRetry(request, {
        retries: attempts - 1,
        minTimeout: 250,
        maxTimeout: 10_000,
        shouldRetry: ({ error }) =>
          refusalOf(error)?.isPassing ?? networkReason(error) !== undefined,
      });
    } catch (error) {
      throw explain(error, this.#endpoint);
    }
  }
}

interface Refusal {
  readonly code: string;
  readonly isPassing: boolean;
}

/** What the store said, if it was the store that refused. */
function refusalOf(error: unknown): Refusal | undefined {
  if (error instanceof RefusedError) return error;
  if (!(error instanceof S3ServiceException)) return undefined;
  return { code: error.name, isPassing: error.$fault === "server" };
}

/** Says what failed, where, and the cure. */
function explain(cause: unknown, endpoint: string): unknown {
  if (!(cause instanceof Error)) return cause;
  const refusal = refusalOf(cause);
  if (refusal !== undefined) {
    return new UserError(`MinIO at ${endpoint} refuses: ${cause.message} (${refusal.code})`, {
      cure: "`npm run up` brings its buckets, users and rights in line. Then try again: what is there already is not written again.",
      cause,
    });
  }
  const reason = networkReason(cause);
  if (reason === undefined) return cause;
  return new UserError(`MinIO at ${endpoint} cannot be reached: ${reason}`, {
    cure: "`npm run status` tells whether it runs. Then try again: what is there already is not written again.",
    cause,
  });
}
