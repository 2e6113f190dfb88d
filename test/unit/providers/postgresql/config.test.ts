import { describe, expect, it } from "vitest";
import { configSchema, connectionOptions } from "../../../../providers/postgresql/config.ts";
import { explainPostgresError, isNotReady } from "../../../../providers/postgresql/errors.ts";

function options(config: Record<string, unknown>, environment: Record<string, string> = {}) {
  return connectionOptions(configSchema.parse(config), environment);
}

describe("the postgresql provider's arguments", () => {
  it("have the official plugin's defaults", () => {
    expect(options({ host: "db" })).toMatchObject({
      database: "postgres",
      isSuperuser: true,
      client: {
        host: "db",
        port: 5432,
        user: "postgres",
        ssl: { rejectUnauthorized: false },
        connectionTimeoutMillis: 180_000,
      },
    });
  });

  it("come from the environment where they are not given", () => {
    const environment = {
      PGHOST: "db",
      PGPORT: "1",
      PGUSER: "u",
      PGPASSWORD: "p",
      PGDATABASE: "d",
      PGSSLMODE: "disable",
    };
    expect(options({}, environment)).toMatchObject({
      database: "d",
      client: { host: "db", port: 1, user: "u", password: "p", ssl: false },
    });
    expect(() => options({})).toThrow("needs host, or PGHOST in the environment");
  });

  it.each([
    ["disable", false],
    ["require", { rejectUnauthorized: false }],
    ["verify-full", { rejectUnauthorized: true }],
  ])("sslmode %s", (sslmode, ssl) => {
    expect(options({ host: "db", sslmode }).client.ssl).toEqual(ssl);
  });

  it("refuse what is not covered", () => {
    expect(() => options({ host: "db", sslmode: "prefer" })).toThrow(
      "must be one of disable, require, verify-ca, verify-full",
    );
    expect(() => options({ host: "db", scheme: "awspostgres" })).toThrow(
      "the cloud ones need the official plugin",
    );
  });
});

describe("explainPostgresError", () => {
  const refused = Object.assign(new Error("connect ECONNREFUSED 127.0.0.1:5432"), {
    syscall: "connect",
  });

  it("names the server that does not answer, whatever number of addresses it has", () => {
    const message =
      "Postgres does not answer at db:5432: connect ECONNREFUSED 127.0.0.1:5432. " +
      "Start it, or correct host and port of the provider.";
    expect(explainPostgresError(refused, "db:5432").message).toBe(message);
    expect(explainPostgresError(new AggregateError([refused, refused]), "db:5432").message).toBe(
      message,
    );
  });

  it("knows a server without TLS", () => {
    const error = new Error("The server does not support SSL connections");
    expect(explainPostgresError(error, "db:5432").message).toContain('Pass sslmode: "disable"');
    expect(isNotReady(error)).toBe(false);
  });

  it("waits for a server that starts, and for nothing else that a server says", () => {
    const fromServer = (code: string) => Object.assign(new Error("x"), { severity: "FATAL", code });
    expect(isNotReady(refused)).toBe(true);
    expect(isNotReady(fromServer("57P03"))).toBe(true);
    expect(isNotReady(fromServer("28P01"))).toBe(false);
  });
});
