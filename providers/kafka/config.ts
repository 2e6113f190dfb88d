import { readFileSync } from "node:fs";
import type { ConnectionOptions } from "node:tls";
import type { KafkaConfig, SASLOptions } from "kafkajs";
import { z } from "zod";

const text = z.string().optional();

/** Provider arguments. TLS is on unless it is switched off, as in the official plugin. */
export const configSchema = z.object({
  bootstrapServers: z
    .array(z.string().regex(/^\s*[^\s:]+:\d+\s*$/, "must be host:port, such as localhost:9092"))
    .min(1, "needs at least one host:port"),
  tlsEnabled: z.boolean().default(true),
  skipTlsVerify: z.boolean().default(false),
  /** Certificates and the key are PEM text or the path of a PEM file. */
  caCert: text,
  caCertFile: text,
  clientCert: text,
  clientCertFile: text,
  clientKey: text,
  clientKeyFile: text,
  clientKeyPassphrase: text,
  saslMechanism: z
    .enum(
      ["plain", "scram-sha256", "scram-sha512"],
      "must be plain, scram-sha256 or scram-sha512; aws-iam and oauthbearer need the official plugin",
    )
    .default("plain"),
  saslUsername: text,
  saslPassword: text,
  /** Accepted and not needed: the client asks the broker what it speaks. */
  kafkaVersion: text,
  /** Longest time of a request, and of waiting for a topic, in seconds. */
  timeout: z.int().positive().default(120),
});
export type KafkaProviderConfig = z.infer<typeof configSchema>;

/** A connection attempt that takes longer has no one at the other end. */
const CONNECTION_TIMEOUT_MS = 10_000;

/**
 * The client's settings. Credentials and certificates that are not given come from the same
 * environment variables as in the official plugin.
 */
export function clientOptions(
  config: KafkaProviderConfig,
  environment: Readonly<Record<string, string | undefined>>,
): KafkaConfig & { readonly brokers: string[]; readonly requestTimeout: number } {
  const username = config.saslUsername ?? environment["KAFKA_SASL_USERNAME"];
  const password = config.saslPassword ?? environment["KAFKA_SASL_PASSWORD"];
  return {
    clientId: "pulumi-kafka",
    brokers: config.bootstrapServers.map((server) => server.trim()),
    ssl: config.tlsEnabled && tlsOptions(config, environment),
    ...(username !== undefined || password !== undefined
      ? { sasl: saslOptions(config.saslMechanism, username ?? "", password ?? "") }
      : {}),
    requestTimeout: config.timeout * 1000,
    connectionTimeout: Math.min(config.timeout * 1000, CONNECTION_TIMEOUT_MS),
    // A port that was opened a moment ago may refuse for some seconds: about 11 s in all.
    retry: { initialRetryTime: 200, factor: 0, retries: 6, maxRetryTime: 5000 },
  };
}

function saslOptions(
  mechanism: KafkaProviderConfig["saslMechanism"],
  username: string,
  password: string,
): SASLOptions {
  switch (mechanism) {
    case "plain":
      return { mechanism: "plain", username, password };
    case "scram-sha256":
      return { mechanism: "scram-sha-256", username, password };
    case "scram-sha512":
      return { mechanism: "scram-sha-512", username, password };
  }
}

function tlsOptions(
  config: KafkaProviderConfig,
  environment: Readonly<Record<string, string | undefined>>,
): ConnectionOptions {
  const ca = config.caCert ?? config.caCertFile ?? environment["KAFKA_CA_CERT"];
  const cert = config.clientCert ?? config.clientCertFile ?? environment["KAFKA_CLIENT_CERT"];
  const key = config.clientKey ?? config.clientKeyFile ?? environment["KAFKA_CLIENT_KEY"];
  const passphrase = config.clientKeyPassphrase ?? environment["KAFKA_CLIENT_KEY_PASSPHRASE"];
  return {
    rejectUnauthorized: !config.skipTlsVerify,
    ...(ca === undefined ? {} : { ca: pem("caCert", ca) }),
    ...(cert === undefined ? {} : { cert: pem("clientCert", cert) }),
    ...(key === undefined ? {} : { key: pem("clientKey", key) }),
    ...(passphrase === undefined ? {} : { passphrase }),
  };
}

function pem(property: string, textOrPath: string): string {
  if (textOrPath.includes("-----BEGIN")) return textOrPath;
  try {
    return readFileSync(textOrPath, "utf8");
  } catch (cause) {
    throw new Error(`${property} is neither PEM text nor a file that can be read`, { cause });
  }
}
