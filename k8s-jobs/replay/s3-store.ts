import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { Agent } from "node:http";

import {
  CopyObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
  S3ServiceException,
} from "@aws-sdk/client-s3";
import { NodeHttpHandler } from "@smithy/node-http-handler";
import pRetry from "p-retry";

import { UserError } from "../../cli/errors.ts";
import type { ObjectStore, ObjectStoreAccess } from "./object-store.ts";

/** A store that restarts is back within these attempts, some half a minute. */
const attempts = 8;
/** In ms; the store is in the same cluster or on the same machine. */
const connectionTimeout = 5_000;
/** In ms; one object takes milliseconds, unless the store is about to fall over. */
const requestTimeout = 60_000;

/** MinIO through S3's API. */
export class S3Store implements ObjectStore {
  readonly #client: S3Client;
  readonly #endpoint: string;

  /** @param connections requests that may be under way at a time. */
  constructor({ endpoint, accessKey, secretKey }: ObjectStoreAccess, connections: number) {
    this.#endpoint = endpoint;
    this.#client = new S3Client({
      endpoint,
      region: "us-east-1",
      credentials: { accessKeyId: accessKey, secretAccessKey: secretKey },
      forcePathStyle: true,
      maxAttempts: attempts,
      // The signature has a checksum of the body already.
      requestChecksumCalculation: "WHEN_REQUIRED",
      responseChecksumValidation: "WHEN_REQUIRED",
      requestHandler: new NodeHttpHandler({
        connectionTimeout,
        requestTimeout,
        httpAgent: new Agent({ keepAlive: true, maxSockets: connections }),
      }),
    });
  }

  async *list(bucket: string, prefix: string): AsyncGenerator<string> {
    let ContinuationToken: string | undefined;
    do {
      const page = await this.#try(() =>
        this.#client.send(
          // XML cannot hold every character that a key can, so keys come URL-encoded.
          new ListObjectsV2Command({
            Bucket: bucket,
            Prefix: prefix,
            EncodingType: "url",
            ContinuationToken,
          }),
        ),
      );
      for (const { Key = "" } of page.Contents ?? []) {
        yield decodeURIComponent(Key.replaceAll("+", " "));
      }
      ContinuationToken = page.NextContinuationToken;
    } while (ContinuationToken !== undefined);
  }

  async put(bucket: string, key: string, text: string): Promise<void> {
    await this.#try(() =>
      this.#client.send(
        new PutObjectCommand({
          Bucket: bucket,
          Key: key,
          Body: text,
          ContentType: "application/json",
        }),
      ),
    );
  }

  async putFile(bucket: string, key: string, path: string): Promise<void> {
    const { size } = await stat(path);
    const put = () =>
      this.#client.send(
        new PutObjectCommand({
          Bucket: bucket,
          Key: key,
          Body: createReadStream(path),
          ContentLength: size,
          ContentType: "application/vnd.apache.parquet",
        }),
      );
    // The client itself cannot begin a stream again.
    await this.#try(() =>
      pRetry(put, {
        retries: attempts - 1,
        maxTimeout: 20_000,
        shouldRetry: ({ error }) =>
          !(error instanceof S3ServiceException && error.$fault === "client"),
      }),
    );
  }

  async copy(key: string, from: string, to: string): Promise<void> {
    const source = [from, ...key.split("/")].map(encodeURIComponent).join("/");
    await this.#try(() =>
      this.#client.send(new CopyObjectCommand({ CopySource: source, Bucket: to, Key: key })),
    );
  }

  close(): void {
    this.#client.destroy();
  }

  async #try<Result>(request: () => Promise<Result>): Promise<Result> {
    try {
      return await request();
    } catch (error) {
      throw explain(error, this.#endpoint);
    }
  }
}

/** Says what failed, where, and the cure. */
function explain(cause: unknown, endpoint: string): unknown {
  if (!(cause instanceof Error)) return cause;
  if (cause instanceof S3ServiceException) {
    return new UserError(`MinIO at ${endpoint} refuses: ${cause.message} (${cause.name})`, {
      cure: "`npm run up` brings its buckets, users and rights in line. Then try again: what is there already is not written again.",
      cause,
    });
  }
  // A connection that was refused at several addresses has its reasons inside.
  const { code, message } = (cause instanceof AggregateError ? cause.errors[0] : cause) as Error & {
    code?: string;
  };
  return new UserError(`MinIO at ${endpoint} cannot be reached: ${message || (code ?? "")}`, {
    cure: "`npm run status` tells whether it runs. Then try again: what is there already is not written again.",
    cause,
  });
}
