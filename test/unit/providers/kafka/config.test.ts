import { describe, expect, it } from "vitest";
import { clientOptions, configSchema } from "../../../../providers/kafka/config.ts";

const bootstrapServers = ["localhost:9092"];

function options(config: Record<string, unknown>, environment: Record<string, string> = {}) {
  return clientOptions(configSchema.parse({ bootstrapServers, ...config }), environment);
}

describe("the kafka provider's arguments", () => {
  it("use TLS unless it is switched off, as the official plugin does", () => {
    expect(options({}).ssl).toEqual({ rejectUnauthorized: true });
    expect(options({ skipTlsVerify: true }).ssl).toEqual({ rejectUnauthorized: false });
    expect(options({ tlsEnabled: false }).ssl).toBe(false);
  });

  it("log in where there are credentials, given or from the environment", () => {
    expect(options({})).not.toHaveProperty("sasl");
    const saslMechanism = "scram-sha512";
    expect(options({ saslMechanism, saslUsername: "a", saslPassword: "b" }).sasl).toEqual({
      mechanism: "scram-sha-512",
      username: "a",
      password: "b",
    });
    const environment = { KAFKA_SASL_USERNAME: "a", KAFKA_SASL_PASSWORD: "b" };
    expect(options({}, environment).sasl).toEqual({
      mechanism: "plain",
      username: "a",
      password: "b",
    });
  });

  it("take a certificate as text or as a file", () => {
    const pem = "-----BEGIN CERTIFICATE-----\n...";
    expect(options({ caCert: pem }).ssl).toEqual({ rejectUnauthorized: true, ca: pem });
    expect(() => options({ caCert: "/no/such/file" })).toThrow(
      "caCert is neither PEM text nor a file that can be read",
    );
  });

  it("take the timeout in seconds, 120 by default", () => {
    expect(options({}).requestTimeout).toBe(120_000);
    expect(options({ timeout: 5 })).toMatchObject({
      requestTimeout: 5000,
      connectionTimeout: 5000,
    });
  });

  it.each([
    [{ bootstrapServers: [] }, "needs at least one host:port"],
    [{ bootstrapServers: ["localhost"] }, "must be host:port, such as localhost:9092"],
    [{ saslMechanism: "aws-iam" }, "aws-iam and oauthbearer need the official plugin"],
  ])("refuse %j", (config, reason) => {
    expect(() => options(config)).toThrow(reason);
  });
});
