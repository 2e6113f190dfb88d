import { describe, expect, it } from "vitest";
import { configSchema, connectionOptions } from "../../../../providers/minio/config.ts";

const given = { minioServer: "localhost:9000", minioUser: "a", minioPassword: "b" };

function options(config: Record<string, unknown>, environment: Record<string, string> = {}) {
  return connectionOptions(configSchema.parse(config), environment);
}

describe("the minio provider's arguments", () => {
  it("make the endpoint and the credentials", () => {
    expect(options(given)).toEqual({
      endpoint: "http://localhost:9000",
      region: "us-east-1",
      credentials: { accessKeyId: "a", secretAccessKey: "b" },
      tls: {},
    });
    expect(options({ ...given, minioSsl: true, minioInsecure: true })).toMatchObject({
      endpoint: "https://localhost:9000",
      tls: { rejectUnauthorized: false },
    });
  });

  it("come from the environment and from the deprecated names as well", () => {
    const environment = { MINIO_ENDPOINT: "minio:9000", MINIO_USER: "c", MINIO_PASSWORD: "d" };
    expect(options({}, environment)).toMatchObject({
      endpoint: "http://minio:9000",
      credentials: { accessKeyId: "c", secretAccessKey: "d" },
    });
    const old = { minioServer: "x:1", minioAccessKey: "e", minioSecretKey: "f" };
    expect(options(old).credentials).toEqual({ accessKeyId: "e", secretAccessKey: "f" });
  });

  it("are refused where they cannot work", () => {
    expect(() => options({ minioServer: "http://x:1" })).toThrow(
      "must be host:port without a scheme",
    );
    expect(() => options({ ...given, minioApiVersion: "v2" })).toThrow("must be v4");
    expect(() => options({ minioServer: "x:1" })).toThrow(
      "needs minioServer, minioUser and minioPassword",
    );
  });
});
