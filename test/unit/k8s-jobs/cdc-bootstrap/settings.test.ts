import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { beforeAll, describe, expect, it } from "vitest";

import { connectorConfig } from "../../../../k8s-jobs/cdc-bootstrap/connector.ts";
import { readSettings } from "../../../../k8s-jobs/cdc-bootstrap/settings.ts";

let environment: Record<string, string>;

beforeAll(async () => {
  const folder = await mkdtemp(join(tmpdir(), "cdc-"));
  await writeFile(join(folder, "username"), "shop\n");
  await writeFile(join(folder, "password"), "hidden");
  environment = {
    CONNECT_URL: "http://kafka-connect:8083",
    DATABASE_ADDRESS: "postgres:5432",
    DATABASE: "shop",
    DATABASE_USER_FILE: join(folder, "username"),
    DATABASE_PASSWORD_FILE: join(folder, "password"),
    PUBLICATION: "shop",
    SLOT: "shop",
    REPLICATION_CREDENTIALS: "/run/secrets/connector",
  };
});

describe("the settings", () => {
  it("are read from the environment and the Secret's files", () => {
    expect(readSettings(environment)).toMatchObject({
      connectUrl: "http://kafka-connect:8083",
      database: {
        host: "postgres",
        port: 5432,
        name: "shop",
        user: "shop",
        password: "hidden",
      },
      patienceSeconds: 240,
    });
  });

  it("are refused with everything that is wrong", () => {
    const wrong = { ...environment, DATABASE_ADDRESS: "postgres", DATABASE_USER_FILE: "/nowhere" };
    expect(() => readSettings(wrong)).toThrow(
      /DATABASE_ADDRESS: must be HOST:PORT; DATABASE_USER_FILE: ENOENT/,
    );
  });
});

describe("the connector", () => {
  it("names the files of its password and holds none", () => {
    const config = connectorConfig(readSettings(environment));
    expect(config["database.password"]).toBe("${directory:/run/secrets/connector:password}");
    expect(JSON.stringify(config)).not.toContain("hidden");
  });

  it("reads by what the program made, and makes nothing itself", () => {
    expect(connectorConfig(readSettings(environment))).toMatchObject({
      "topic.prefix": "shop",
      "table.include.list": "public.orders",
      "publication.name": "shop",
      "publication.autocreate.mode": "disabled",
      "slot.name": "shop",
      "snapshot.mode": "no_data",
      "decimal.handling.mode": "string",
    });
  });
});
