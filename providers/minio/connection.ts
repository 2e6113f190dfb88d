import { Agent as HttpsAgent } from "node:https";
import { S3Client } from "@aws-sdk/client-s3";
import { NodeHttpHandler } from "@smithy/node-http-handler";
import { MinioAdmin } from "./admin.ts";
import type { MinioConnectionOptions } from "./config.ts";
import { explainMinioError } from "./errors.ts";

/** A connection attempt that takes longer has no one at the other end. */
const CONNECTION_TIMEOUT_MS = 10_000;

/** A port that was opened a moment ago may refuse for some seconds. */
const ATTEMPTS = 6;

/** The two clients of one server. */
export class MinioConnection {
  /** `http://localhost:9000`. */
  readonly endpoint: string;
  readonly region: string;
  readonly admin: MinioAdmin;
  private readonly client: S3Client;

  constructor(options: MinioConnectionOptions) {
    const handler = new NodeHttpHandler({
      connectionTimeout: CONNECTION_TIMEOUT_MS,
      httpsAgent: new HttpsAgent({ keepAlive: true, ...options.tls }),
    });
    this.endpoint = options.endpoint;
    this.region = options.region;
    this.client = new S3Client({
      endpoint: options.endpoint,
      region: options.region,
      credentials: options.credentials,
      forcePathStyle: true,
      requestHandler: handler,
      maxAttempts: ATTEMPTS,
    });
    this.admin = new MinioAdmin(options, handler, ATTEMPTS);
  }

  /** Runs S3 requests; whatever fails says what, where and the cure. */
  async s3<Result>(action: (client: S3Client) => Promise<Result>): Promise<Result> {
    try {
      return await action(this.client);
    } catch (error) {
      throw explainMinioError(error, this.endpoint);
    }
  }

  close(): void {
    this.client.destroy();
  }
}
