import { readFileSync } from "node:fs";
import type { AgentOptions } from "node:https";
import { z } from "zod";

const text = z.string().optional();

/** Provider arguments. */
export const configSchema = z.object({
  /** host:port without a scheme. */
  minioServer: z
    .string()
    .regex(/^[^/\s]+$/, "must be host:port without a scheme, such as localhost:9000; see minioSsl")
    .optional(),
  minioUser: text,
  minioPassword: text,
  /** The deprecated names of `minioUser` and `minioPassword`. */
  minioAccessKey: text,
  minioSecretKey: text,
  minioSessionToken: text,
  minioRegion: z.string().default("us-east-1"),
  minioApiVersion: z
    .literal("v4", "must be v4; v2 signatures need the official plugin")
    .default("v4"),
  minioSsl: z.boolean().optional(),
  /** Accepts any server certificate. */
  minioInsecure: z.boolean().optional(),
  /** Paths of PEM files. */
  minioCacertFile: text,
  minioCertFile: text,
  minioKeyFile: text,
});
export type MinioProviderConfig = z.infer<typeof configSchema>;

export interface MinioConnectionOptions {
  /** `http://localhost:9000`. */
  readonly endpoint: string;
  readonly region: string;
  readonly credentials: {
    readonly accessKeyId: string;
    readonly secretAccessKey: string;
    readonly sessionToken?: string;
  };
  readonly tls: AgentOptions;
}

/** Fills in what is not given from the same environment variables as the official plugin. */
export function connectionOptions(
  config: MinioProviderConfig,
  environment: Readonly<Record<string, string | undefined>>,
): MinioConnectionOptions {
  const server = config.minioServer ?? environment["MINIO_ENDPOINT"];
  const user =
    config.minioUser ??
    config.minioAccessKey ??
    environment["MINIO_USER"] ??
    environment["MINIO_ACCESS_KEY"];
  const password =
    config.minioPassword ??
    config.minioSecretKey ??
    environment["MINIO_PASSWORD"] ??
    environment["MINIO_SECRET_KEY"];
  const sessionToken = config.minioSessionToken ?? environment["MINIO_SESSION_TOKEN"];
  if (server === undefined || user === undefined || password === undefined) {
    throw new Error(
      "The minio provider needs minioServer, minioUser and minioPassword, " +
        "or MINIO_ENDPOINT, MINIO_USER and MINIO_PASSWORD in the environment.",
    );
  }
  const isTls = config.minioSsl ?? environment["MINIO_ENABLE_HTTPS"] === "true";
  return {
    endpoint: `${isTls ? "https" : "http"}://${server}`,
    region: config.minioRegion,
    credentials: {
      accessKeyId: user,
      secretAccessKey: password,
      ...(sessionToken === undefined ? {} : { sessionToken }),
    },
    tls: isTls ? tlsOptions(config, environment) : {},
  };
}

function tlsOptions(
  config: MinioProviderConfig,
  environment: Readonly<Record<string, string | undefined>>,
): AgentOptions {
  const ca = config.minioCacertFile ?? environment["MINIO_CACERT_FILE"];
  const cert = config.minioCertFile ?? environment["MINIO_CERT_FILE"];
  const key = config.minioKeyFile ?? environment["MINIO_KEY_FILE"];
  const isInsecure = config.minioInsecure ?? environment["MINIO_INSECURE"] === "true";
  return {
    rejectUnauthorized: !isInsecure,
    ...(ca === undefined ? {} : { ca: readFileSync(ca) }),
    ...(cert === undefined ? {} : { cert: readFileSync(cert) }),
    ...(key === undefined ? {} : { key: readFileSync(key) }),
  };
}
