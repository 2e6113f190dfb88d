import { readFileSync } from "node:fs";
import type { ConnectionOptions } from "node:tls";
import type { ClientConfig } from "pg";
import { z } from "zod";

const text = z.string().optional();
const SSL_MODES = ["disable", "require", "verify-ca", "verify-full"] as const;
const sslMode = z.enum(SSL_MODES, `must be one of ${SSL_MODES.join(", ")}`).optional();

/** Provider arguments. The cloud logins of the official plugin are not covered. */
export const configSchema = z.object({
  scheme: z
    .literal("postgres", "must be postgres; the cloud ones need the official plugin")
    .optional(),
  host: text,
  port: z.int().min(1).max(65535).optional(),
  /** @default `postgres` */
  database: text,
  /** @default `postgres` */
  username: text,
  password: text,
  /** @default `require`; a server without TLS needs `disable` */
  sslmode: sslMode,
  /** The deprecated name of `sslmode`. */
  sslMode,
  sslrootcert: text,
  clientcert: z
    .strictObject({ cert: z.string(), key: z.string(), sslinline: z.boolean().optional() })
    .optional(),
  /** Longest time of one attempt to connect, in seconds; 0 for no limit. */
  connectTimeout: z.int().min(-1).default(180),
  /** False lets passwords be left alone on refresh, because only a superuser can read them. */
  superuser: z.boolean().default(true),
  /** Accepted and not needed: one connection is opened for each change, one change at a time. */
  maxConnections: z.int().min(-1).optional(),
  /** Accepted and not needed: the server is asked for its version. */
  expectedVersion: text,
});
export type PostgresProviderConfig = z.infer<typeof configSchema>;

export interface PostgresConnectionOptions {
  readonly client: ClientConfig & { readonly host: string; readonly port: number };
  /** The database to connect to for what belongs to the whole server. */
  readonly database: string;
  readonly isSuperuser: boolean;
}

/** Fills in what is not given from the same environment variables as the official plugin. */
export function connectionOptions(
  config: PostgresProviderConfig,
  environment: Readonly<Record<string, string | undefined>>,
): PostgresConnectionOptions {
  const host = config.host ?? environment["PGHOST"];
  const password = config.password ?? environment["PGPASSWORD"];
  if (host === undefined) {
    throw new Error("The postgresql provider needs host, or PGHOST in the environment.");
  }
  return {
    database: config.database ?? environment["PGDATABASE"] ?? "postgres",
    isSuperuser: config.superuser,
    client: {
      host,
      port: config.port ?? Number(environment["PGPORT"] ?? 5432),
      user: config.username ?? environment["PGUSER"] ?? "postgres",
      ...(password === undefined ? {} : { password }),
      ssl: tlsOptions(config, environment),
      connectionTimeoutMillis: Math.max(0, config.connectTimeout) * 1000,
      application_name: "pulumi-postgresql",
    },
  };
}

function tlsOptions(
  config: PostgresProviderConfig,
  environment: Readonly<Record<string, string | undefined>>,
): ConnectionOptions | false {
  const mode =
    sslMode.parse(config.sslmode ?? config.sslMode ?? environment["PGSSLMODE"]) ?? "require";
  if (mode === "disable") return false;
  const { clientcert, sslrootcert } = config;
  const read = (value: string) =>
    clientcert?.sslinline === true ? value : readFileSync(value, "utf8");
  return {
    rejectUnauthorized: mode === "verify-ca" || mode === "verify-full",
    ...(mode === "verify-ca" ? { checkServerIdentity: () => undefined } : {}),
    ...(sslrootcert === undefined ? {} : { ca: readFileSync(sslrootcert, "utf8") }),
    ...(clientcert === undefined ? {} : { cert: read(clientcert.cert), key: read(clientcert.key) }),
  };
}
