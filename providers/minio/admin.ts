import { createHash } from "node:crypto";
import { HttpRequest } from "@smithy/core/protocols";
import type { NodeHttpHandler } from "@smithy/node-http-handler";
import { SignatureV4 } from "@smithy/signature-v4";
import pRetry from "p-retry";
import { z } from "zod";
import type { MinioConnectionOptions } from "./config.ts";
import { decryptPayload, encryptPayload } from "./encrypted-payload.ts";
import { explainMinioError, MinioError, networkReason, withCure } from "./errors.ts";
import { Sha256 } from "./sha256.ts";

export interface AdminRequest {
  readonly method: "GET" | "PUT" | "POST" | "DELETE";
  /** Below `/minio/admin/v3/`, such as `add-user`. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  /** Sent as JSON. */
  readonly body?: unknown;
  /** True where the API wants the body encrypted, because it holds a secret. */
  readonly isEncrypted?: boolean;
}

/** Repeating one of these does no harm. */
const NOT_READY = new Set(["XMinioServerNotInitialized", "XMinioIAMNotInitialized", "SlowDown"]);

const refusal = z.object({ Code: z.string(), Message: z.string() });

/** MinIO's admin API: users, policies, service accounts, quotas. */
export class MinioAdmin {
  private readonly endpoint: URL;
  private readonly secretKey: string;
  private readonly signer: SignatureV4;
  private readonly handler: NodeHttpHandler;
  private readonly attempts: number;

  constructor(options: MinioConnectionOptions, handler: NodeHttpHandler, attempts: number) {
    this.endpoint = new URL(options.endpoint);
    this.secretKey = options.credentials.secretAccessKey;
    this.handler = handler;
    this.attempts = attempts;
    this.signer = new SignatureV4({
      service: "s3",
      region: options.region,
      credentials: options.credentials,
      sha256: Sha256,
      uriEscapePath: false,
    });
  }

  /** Sends a request whose answer says nothing of interest. */
  async run(request: AdminRequest): Promise<void> {
    await this.send(request);
  }

  /** Sends a request and reads its JSON answer. */
  async ask<Schema extends z.ZodType>(
    schema: Schema,
    request: AdminRequest,
  ): Promise<z.infer<Schema>> {
    const answer = await this.send(request);
    return schema.parse(JSON.parse(answer.toString("utf8")));
  }

  /** As `ask`, for answers that come encrypted because they hold a secret. */
  async askSecret<Schema extends z.ZodType>(
    schema: Schema,
    request: AdminRequest,
  ): Promise<z.infer<Schema>> {
    const answer = await this.send(request);
    const plain = await decryptPayload(this.secretKey, answer);
    return schema.parse(JSON.parse(plain.toString("utf8")));
  }

  private async send(request: AdminRequest): Promise<Buffer> {
    try {
      return await pRetry(() => this.attempt(request), {
        retries: this.attempts - 1,
        minTimeout: 200,
        maxTimeout: 5000,
        shouldRetry: ({ error }) =>
          error instanceof MinioError
            ? NOT_READY.has(error.code)
            : networkReason(error) !== undefined,
      });
    } catch (error) {
      throw explainMinioError(error, this.endpoint.origin);
    }
  }

  private async attempt({ method, path, query, body, isEncrypted }: AdminRequest): Promise<Buffer> {
    const json = body === undefined ? Buffer.alloc(0) : Buffer.from(JSON.stringify(body));
    const content = isEncrypted === true ? await encryptPayload(this.secretKey, json) : json;
    const { protocol, hostname, port, host } = this.endpoint;
    const request = new HttpRequest({
      protocol,
      hostname,
      ...(port === "" ? {} : { port: Number(port) }),
      method,
      path: `/minio/admin/v3/${path}`,
      ...(query === undefined ? {} : { query: { ...query } }),
      headers: {
        host,
        "content-type": "application/octet-stream",
        "content-length": String(content.length),
        "x-amz-content-sha256": createHash("sha256").update(content).digest("hex"),
      },
      body: content,
    });
    const signed = await this.signer.sign(request);
    const { response } = await this.handler.handle(new HttpRequest(signed));
    const answer = await readAll(response.body as AsyncIterable<Uint8Array>);
    if (response.statusCode < 300) return answer;
    throw this.refused(path, response.statusCode, answer);
  }

  private refused(path: string, status: number, answer: Buffer): MinioError {
    const text = answer.toString("utf8");
    const parsed = refusal.safeParse(parseJson(text));
    const { Code, Message } = parsed.success
      ? parsed.data
      : { Code: `Http${status}`, Message: text.slice(0, 200) };
    return withCure(Code, `MinIO at ${this.endpoint.origin} refuses ${path}: ${Message} (${Code})`);
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

async function readAll(stream: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for await (const part of stream) parts.push(part);
  return Buffer.concat(parts);
}
