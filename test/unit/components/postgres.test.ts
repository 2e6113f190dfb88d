import type { V1Secret, V1StatefulSet } from "@kubernetes/client-node";
import { beforeAll, describe, expect, it } from "vitest";

import { Postgres, type PostgresArgs } from "../../../components/postgres.ts";
import { record, type Recording, waitsFor } from "../../support/mocks.ts";

const args: PostgresArgs = {
  namespace: "lakehouse",
  image: "localhost/lakehouse/postgres:1",
  nodePort: 30432,
  hostPort: 30532,
  storage: "2Gi",
};

describe("Postgres", () => {
  let recording: Recording;

  let needed: Promise<string[]> | undefined;
  let writer: Promise<string[]> | undefined;

  beforeAll(async () => {
    recording = await record(() => {
      const postgres = new Postgres("postgres", args);
      needed = waitsFor(postgres.nessie.address);
      writer = waitsFor(postgres.features.database);
    });
  });

  it("is known to Nessie once its database is there and closed to others", async () => {
    expect(await needed).toEqual(["postgres-nessie-public"]);
  });

  it("lets the role `features` make tables that the database's owner may read", async () => {
    expect(await writer).toEqual(["postgres-features-readable"]);
    const name = "postgres-features";
    expect(recording.find("postgresql:index/role:Role", name).inputs).toEqual({
      name: "features",
      login: true,
      password: `secret of ${name}`,
    });
    const to = { database: "lakehouse", role: "features" };
    const schema = "public";
    expect(recording.find("postgresql:index/grant:Grant", `${name}-database`).inputs).toEqual({
      ...to,
      objectType: "database",
      privileges: ["CONNECT", "TEMPORARY"],
    });
    expect(recording.find("postgresql:index/grant:Grant", `${name}-schema`).inputs).toEqual({
      ...to,
      schema,
      objectType: "schema",
      privileges: ["CREATE", "USAGE"],
    });
    expect(
      recording.find("postgresql:index/defaultPrivileges:DefaultPrivileges", `${name}-readable`)
        .inputs,
    ).toEqual({
      database: "lakehouse",
      owner: "features",
      role: "lakehouse",
      schema,
      objectType: "table",
      privileges: ["SELECT"],
    });
    const secret = recording.find("kubernetes:core/v1:Secret", name).inputs as V1Secret;
    expect(secret.stringData).toEqual({ username: "features", password: `secret of ${name}` });
  });

  it("reads the superuser's password from a file", () => {
    const { inputs } = recording.find("kubernetes:apps/v1:StatefulSet", "postgres");
    const pod = (inputs as unknown as V1StatefulSet).spec?.template.spec;
    expect(pod?.containers[0]?.env).toEqual([
      { name: "POSTGRES_PASSWORD_FILE", value: "/run/secrets/superuser/password" },
    ]);
    expect(pod?.volumes?.find(({ name }) => name === "superuser")?.secret?.secretName).toBe(
      "postgres-superuser",
    );
    expect(pod?.containers[0]?.args).toEqual([
      "-c",
      "shared_buffers=32MB",
      "-c",
      "max_connections=50",
      "-c",
      "wal_level=logical",
      "-c",
      "max_slot_wal_keep_size=512MB",
    ]);
  });

  it("is managed as its superuser through the port on this machine", () => {
    expect(recording.find("pulumi:providers:postgresql", "postgres").inputs).toMatchObject({
      host: "localhost",
      port: "30532",
      username: "postgres",
      password: "secret of postgres-superuser",
      sslmode: "disable",
    });
  });

  it("has a database for Airflow only when it is asked for", async () => {
    const databases = (one: Recording) =>
      one.all("postgresql:index/database:Database").map(({ inputs }) => inputs["name"]);
    expect(databases(recording)).toEqual(["lakehouse", "nessie"]);
    const withAirflow = await record(() => new Postgres("postgres", args).airflow());
    expect(databases(withAirflow)).toEqual(["airflow", "lakehouse", "nessie"]);
  });

  it.each(["nessie", "lakehouse"])("has the database %s, for its owner alone", (database) => {
    const name = `postgres-${database}`;
    expect(recording.find("postgresql:index/role:Role", name).inputs).toEqual({
      name: database,
      login: true,
      password: `secret of ${name}`,
    });
    expect(recording.find("postgresql:index/database:Database", name).inputs).toEqual({
      name: database,
      owner: database,
    });
    expect(recording.find("postgresql:index/grant:Grant", `${name}-public`).inputs).toEqual({
      database,
      role: "public",
      objectType: "database",
      privileges: [],
    });
    const secret = recording.find("kubernetes:core/v1:Secret", name).inputs as V1Secret;
    expect(secret.stringData).toEqual({ username: database, password: `secret of ${name}` });
  });

  it("has a role that reads the features, and those to come, where there is a notebook", async () => {
    const withNotebook = await record(() => {
      new Postgres("postgres", {
        namespace: "lakehouse",
        image: "localhost/lakehouse/postgres:1",
        nodePort: 30432,
        hostPort: 30532,
        storage: "2Gi",
      }).notebook();
    });
    const inputsOf = (type: string, name: string) => withNotebook.find(type, name).inputs;
    expect(recording.all("postgresql:index/role:Role").map(({ name }) => name)).not.toContain(
      "postgres-notebook",
    );
    expect(inputsOf("postgresql:index/role:Role", "postgres-notebook")).toEqual({
      name: "notebook",
      login: true,
      password: "secret of postgres-notebook",
    });
    const reader = { database: "lakehouse", role: "notebook" };
    const tables = { schema: "public", objectType: "table", privileges: ["SELECT"] };
    expect(inputsOf("postgresql:index/grant:Grant", "postgres-notebook-connect")).toEqual({
      ...reader,
      objectType: "database",
      privileges: ["CONNECT"],
    });
    expect(inputsOf("postgresql:index/grant:Grant", "postgres-notebook-read")).toEqual({
      ...reader,
      ...tables,
    });
    expect(
      inputsOf(
        "postgresql:index/defaultPrivileges:DefaultPrivileges",
        "postgres-notebook-read-new",
      ),
    ).toEqual({ ...reader, ...tables, owner: "features" });
  });
});
