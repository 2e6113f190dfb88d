import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { UserError } from "../../../../cli/errors.ts";
import { readSettings } from "../../../../k8s-jobs/dremio-bootstrap/settings.ts";

let folder: string;
let variables: Record<string, string>;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "secrets-"));
  for (const name of ["username", "password", "access-key", "secret-key"]) {
    await writeFile(join(folder, name), `the ${name}\n`);
  }
  variables = {
    DREMIO_URL: "http://query-web:9047",
    DREMIO_USER_FILE: join(folder, "username"),
    DREMIO_PASSWORD_FILE: join(folder, "password"),
    NESSIE_URI: "http://nessie:19120/api/v2",
    S3_ENDPOINT: "http://minio:9000",
    S3_ACCESS_KEY_FILE: join(folder, "access-key"),
    S3_SECRET_KEY_FILE: join(folder, "secret-key"),
    VIEWS: "/opt/lakehouse/views",
  };
});

afterAll(() => rm(folder, { recursive: true }));

describe("the bootstrap's settings", () => {
  it("come from the environment, and secrets from files", () => {
    expect(readSettings(variables)).toEqual({
      dremio: { url: "http://query-web:9047", username: "the username", password: "the password" },
      nessieUri: "http://nessie:19120/api/v2",
      objectStorage: {
        endpoint: "http://minio:9000",
        accessKey: "the access-key",
        secretKey: "the secret-key",
      },
      views: "/opt/lakehouse/views",
      patienceSeconds: 540,
    });
  });

  it("are refused all at once when they are wrong", () => {
    const wrong = {
      ...variables,
      DREMIO_URL: "query-web:9047",
      NESSIE_URI: "http://nessie:19120/api/v1",
      DREMIO_PASSWORD_FILE: join(folder, "missing"),
      PATIENCE: "0",
    };
    const attempt = () => readSettings(wrong);
    expect(attempt).toThrow(UserError);
    expect(attempt).toThrow(
      /DREMIO_URL: must be an HTTP URL; DREMIO_PASSWORD_FILE: ENOENT.*; NESSIE_URI: must end with \/api\/v2; PATIENCE: /,
    );
  });
});
