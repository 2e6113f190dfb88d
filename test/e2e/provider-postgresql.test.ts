import { Client } from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { PostgresConnection } from "../../providers/postgresql/connection.ts";
import { postgresqlProvider } from "../../providers/postgresql/provider.ts";
import { identifier } from "../../providers/postgresql/sql.ts";
import { endpointFrom, ProviderHarness, uniqueName } from "./provider-harness.ts";

const DATABASE = "postgresql:index/database:Database";
const DEFAULT_PRIVILEGES = "postgresql:index/defaultPrivileges:DefaultPrivileges";
const EXTENSION = "postgresql:index/extension:Extension";
const GRANT = "postgresql:index/grant:Grant";
const GRANT_ROLE = "postgresql:index/grantRole:GrantRole";
const ROLE = "postgresql:index/role:Role";
const SCHEMA = "postgresql:index/schema:Schema";

const endpoint = endpointFrom("LAKEHOUSE_TEST_POSTGRES");
let postgres: ProviderHarness<typeof postgresqlProvider.config, PostgresConnection>;
/** What the tests about things inside a database share. */
let database: Awaited<ReturnType<typeof postgres.create>>;

beforeAll(async () => {
  postgres = await ProviderHarness.start(postgresqlProvider, endpoint);
  database = await postgres.create(DATABASE, { name: uniqueName("shared") });
});

afterAll(async () => {
  await database.delete();
});

describe("postgresql.Role", () => {
  it("is made, logs in with its password, is changed in place, and removed", async () => {
    const inputs = {
      name: uniqueName('a "quoted"; role'),
      login: true,
      password: "pa$$'word\\ \u00e9",
      connectionLimit: 5,
      searchPaths: ["public", 'My "Schema"'],
      statementTimeout: 60_000,
    };
    const role = await postgres.create(ROLE, inputs);
    expect(role.id).toBe(inputs.name);
    expect(await tryLogin(inputs.name, inputs.password)).toBe("in");
    await role.refresh();
    expect(await role.diff(inputs)).toEqual([]);

    const wanted = {
      ...inputs,
      password: "another",
      createDatabase: true,
      connectionLimit: -1,
      searchPaths: [],
      statementTimeout: 0,
    };
    expect(await role.diff(wanted)).toEqual([
      "connectionLimit",
      "createDatabase",
      "password",
      "searchPaths[0]",
      "searchPaths[1]",
      "statementTimeout",
    ]);
    await role.update(wanted);
    expect(await tryLogin(inputs.name, inputs.password)).toBe("28P01");
    expect(await tryLogin(inputs.name, "another")).toBe("in");
    await role.refresh();
    expect(await role.diff(wanted)).toEqual([]);

    await role.update({ ...wanted, name: `${inputs.name}2` });
    expect(await tryLogin(`${inputs.name}2`, "another")).toBe("in");
    await role.refresh();
    expect(role.outputs["name"]).toBe(`${inputs.name}2`);

    await role.delete();
    expect(await role.refresh()).toBe(false);
    await role.delete();
  });

  it("sends the password in its stored form alone", async () => {
    const password = uniqueName("plain-password");
    const role = await postgres.create(ROLE, { name: uniqueName("role"), login: true, password });
    const [row] = await run<{ rolpassword: string }>(
      "SELECT rolpassword FROM pg_authid WHERE rolname = $1",
      [role.id],
    );
    expect(row?.rolpassword).toMatch(/^SCRAM-SHA-256\$4096:/);
    await role.delete();
  });

  it("tells on refresh what someone else changed, the password among it", async () => {
    const inputs = { name: uniqueName("role"), login: true, password: "ours" };
    const role = await postgres.create(ROLE, inputs);
    await run(`ALTER ROLE ${identifier(role.id)} WITH CREATEDB PASSWORD 'theirs'`);
    await role.refresh();
    expect(await role.diff(inputs)).toEqual(["createDatabase", "password"]);
    await role.update(inputs);
    expect(await tryLogin(role.id, "ours")).toBe("in");

    await role.update({ name: role.id, login: true });
    expect(await tryLogin(role.id, "ours")).toBe("28P01");
    await role.delete();
  });

  it("takes over a role that is exactly as wanted: an update made it and was interrupted", async () => {
    const inputs = { name: uniqueName("role"), login: true, password: "ours" };
    await postgres.create(ROLE, inputs);
    const again = await postgres.create(ROLE, inputs);
    for (const other of [
      { ...inputs, password: "theirs" },
      { name: inputs.name, login: true },
    ]) {
      const error = await postgres.create(ROLE, other).then(
        () => undefined,
        (reason: unknown) => reason as Error,
      );
      expect(error?.message).toContain(
        `Postgres role "${inputs.name}" exists already with other attributes or another password`,
      );
      expect(error?.message).not.toContain("theirs");
    }
    await again.delete();
  });

  it("has memberships, by itself or through GrantRole", async () => {
    const [reader, writer] = [
      await postgres.create(ROLE, { name: uniqueName("reader") }),
      await postgres.create(ROLE, { name: uniqueName("writer") }),
    ];
    const inputs = { name: uniqueName("member"), roles: [writer.id, reader.id] };
    const member = await postgres.create(ROLE, inputs);
    await member.refresh();
    expect(await member.diff(inputs)).toEqual([]);
    await member.update({ ...inputs, roles: [reader.id] });
    expect(await membershipsOf(member.id)).toEqual([reader.id]);

    // A role that says nothing of memberships leaves those of others alone.
    const plain = await postgres.create(ROLE, { name: uniqueName("member") });
    const membership = { role: plain.id, grantRole: writer.id };
    const granted = await postgres.create(GRANT_ROLE, membership);
    expect(granted.id).toBe(`${plain.id}_${writer.id}_false`);
    await plain.refresh();
    expect(await plain.diff({ name: plain.id })).toEqual([]);
    expect(await granted.refresh()).toBe(true);
    expect(await granted.diff({ ...membership, withAdminOption: true })).toEqual([
      "withAdminOption!",
    ]);
    await granted.delete();
    expect(await membershipsOf(plain.id)).toEqual([]);
    expect(await granted.refresh()).toBe(false);

    for (const role of [plain, member, writer, reader]) await role.delete();
    await granted.delete();
  });

  it("says what still needs it", async () => {
    const role = await postgres.create(ROLE, { name: uniqueName("role") });
    await run(
      `CREATE SCHEMA ${identifier(role.id)} AUTHORIZATION ${identifier(role.id)}`,
      [],
      database.id,
    );
    await expect(role.delete()).rejects.toThrow(
      `Postgres role "${role.id}" is still needed: 1 object in database ${database.id}. Delete these first`,
    );
    await run(`DROP SCHEMA ${identifier(role.id)}`, [], database.id);
    await role.delete();
  });
});

describe("postgresql.Database", () => {
  it("is made with the defaults, read back, changed in place and dropped under a client", async () => {
    const owner = await postgres.create(ROLE, { name: uniqueName("owner") });
    const inputs = { name: uniqueName("data base"), owner: owner.id };
    const made = await postgres.create(DATABASE, inputs);
    expect(made.id).toBe(inputs.name);
    expect(made.outputs).toMatchObject({
      owner: owner.id,
      template: "template0",
      encoding: "UTF8",
      connectionLimit: -1,
      allowConnections: true,
      isTemplate: false,
      alterObjectOwnership: false,
    });
    await made.refresh();
    expect(await made.diff(inputs)).toEqual([]);
    // What is real already, or not asked for any more, is no change; another encoding is a new one.
    expect(
      await made.diff({ name: inputs.name, encoding: "utf-8", template: "template0" }),
    ).toEqual([]);
    expect(await made.diff({ ...inputs, encoding: "SQL_ASCII" })).toEqual(["encoding!"]);

    const next = await postgres.create(ROLE, { name: uniqueName("owner") });
    await run(
      `CREATE TABLE t (n int); ALTER TABLE t OWNER TO ${identifier(owner.id)}`,
      [],
      made.id,
    );
    const wanted = {
      name: `${inputs.name}2`,
      owner: next.id,
      alterObjectOwnership: true,
      connectionLimit: 7,
      isTemplate: true,
    };
    expect(await made.diff(wanted)).toEqual([
      "alterObjectOwnership",
      "connectionLimit",
      "isTemplate",
      "name",
      "owner",
    ]);
    await made.update(wanted);
    await made.refresh();
    expect(made.outputs).toMatchObject(wanted);
    expect(
      await run("SELECT tableowner FROM pg_tables WHERE tablename = 't'", [], wanted.name),
    ).toEqual([{ tableowner: next.id }]);

    const client = await connect(wanted.name);
    await made.delete();
    await client.end();
    expect(await made.refresh()).toBe(false);
    await made.delete();
    for (const role of [owner, next]) await role.delete();
  });

  it("is taken over while empty: an update made it and was interrupted; else it is refused", async () => {
    const inputs = { name: uniqueName("database") };
    await postgres.create(DATABASE, inputs);
    const again = await postgres.create(DATABASE, inputs);
    const refusal = `Postgres database "${inputs.name}" exists already, with other settings or with tables in it`;
    await expect(postgres.create(DATABASE, { ...inputs, connectionLimit: 3 })).rejects.toThrow(
      refusal,
    );
    await run("CREATE TABLE t (n int)", [], inputs.name);
    await expect(postgres.create(DATABASE, inputs)).rejects.toThrow(refusal);
    await again.delete();
  });

  it("is imported with all that it has", async () => {
    const imported = await postgres.import(DATABASE, database.id);
    expect(imported?.inputs).toMatchObject({ name: database.id, encoding: "UTF8" });
    expect(await imported?.diff({ name: database.id })).toEqual([]);
    expect(await postgres.import(DATABASE, "no-such-database")).toBeUndefined();
  });
});

describe("what a database has", () => {
  it("Schema: made, renamed, given another owner, and kept while it is not empty", async () => {
    const owner = await postgres.create(ROLE, { name: uniqueName("owner") });
    const inputs = { name: uniqueName("schema"), database: database.id };
    const schema = await postgres.create(SCHEMA, inputs);
    expect(schema.id).toBe(`${database.id}.${inputs.name}`);
    await schema.refresh();
    expect(await schema.diff(inputs)).toEqual([]);

    const wanted = { ...inputs, name: `${inputs.name}2`, owner: owner.id };
    expect(await schema.diff(wanted)).toEqual(["name", "owner"]);
    await schema.update(wanted);
    await schema.refresh();
    expect(await schema.diff(wanted)).toEqual([]);

    await run(`CREATE TABLE ${identifier(wanted.name)}.t (n int)`, [], database.id);
    await expect(schema.delete()).rejects.toThrow(
      `Postgres schema "${wanted.name}" of database "${database.id}" is not empty, so it is kept`,
    );
    await schema.update({ ...wanted, dropCascade: true });
    await schema.delete();
    expect(await schema.refresh()).toBe(false);
    await owner.delete();
  });

  it("Extension: installed, or said to be missing on the server", async () => {
    const inputs = { name: "plpgsql", database: database.id };
    const extension = await postgres.create(EXTENSION, inputs);
    expect(extension.id).toBe(`${database.id}.plpgsql`);
    expect(extension.outputs).toMatchObject({ schema: "pg_catalog" });
    await extension.refresh();
    expect(await extension.diff(inputs)).toEqual([]);
    await extension.delete();
    expect(await extension.refresh()).toBe(false);
    await (await postgres.create(EXTENSION, inputs)).refresh();

    await expect(postgres.create(EXTENSION, { ...inputs, name: "no_such_thing" })).rejects.toThrow(
      'Postgres extension "no_such_thing" is not installed on the server. Install its package there',
    );
  });

  it("Grant: exactly the privileges that are listed", async () => {
    const role = await postgres.create(ROLE, {
      name: uniqueName("reader"),
      login: true,
      password: "secret",
    });
    await run(
      "CREATE TABLE orders (n int); CREATE TABLE clicks (n int); CREATE SEQUENCE ids",
      [],
      database.id,
    );
    const where = { role: role.id, database: database.id, schema: "public" };
    const inputs = [
      {
        role: role.id,
        database: database.id,
        objectType: "database",
        privileges: ["CONNECT", "CREATE"],
      },
      { ...where, objectType: "schema", privileges: ["USAGE"] },
      { ...where, objectType: "table", privileges: ["SELECT", "INSERT"], objects: ["orders"] },
      { ...where, objectType: "sequence", privileges: ["ALL"] },
    ];
    const ids = [
      `${role.id}_${database.id}_database`,
      `${role.id}_${database.id}_public_schema`,
      `${role.id}_${database.id}_public_table_orders`,
      `${role.id}_${database.id}_public_sequence`,
    ];
    const grants = [];
    for (const [index, one] of inputs.entries()) {
      const grant = await postgres.create(GRANT, one);
      expect(grant.id).toBe(ids[index]);
      await grant.refresh();
      expect(await grant.diff(one)).toEqual([]);
      grants.push(grant);
    }
    expect(await allowed(role.id, "orders")).toEqual(["INSERT", "SELECT"]);
    expect(await allowed(role.id, "clicks")).toEqual([]);

    const [, , tables] = grants;
    const fewer = { ...inputs[2], privileges: ["SELECT"] };
    await tables?.update(fewer);
    expect(await allowed(role.id, "orders")).toEqual(["SELECT"]);
    await run(`GRANT DELETE ON orders TO ${identifier(role.id)}`, [], database.id);
    await tables?.refresh();
    expect(tables?.inputs["privileges"]).toEqual(["DELETE", "SELECT"]);
    expect(await tables?.diff(fewer)).toEqual(["privileges[0]", "privileges[1]"]);
    expect(await tables?.diff({ ...fewer, objects: ["clicks"] })).toContain("objects[0]!");

    for (const grant of grants) await grant.delete();
    expect(await allowed(role.id, "orders")).toEqual([]);
    await role.delete();
    for (const grant of grants) {
      expect(await grant.refresh()).toBe(false);
      await grant.delete();
    }
    await run("DROP TABLE orders, clicks; DROP SEQUENCE ids", [], database.id);
  });

  it("Grant: nothing for everyone keeps others out of a database", async () => {
    const role = await postgres.create(ROLE, {
      name: uniqueName("stranger"),
      login: true,
      password: "secret",
    });
    expect(await tryLogin(role.id, "secret", database.id)).toBe("in");
    const inputs = {
      role: "public",
      database: database.id,
      objectType: "database",
      privileges: [],
    };
    const closed = await postgres.create(GRANT, inputs);
    expect(closed.id).toBe(`public_${database.id}_database`);
    expect(await tryLogin(role.id, "secret", database.id)).toBe("42501");
    await run(`GRANT CONNECT ON DATABASE ${identifier(database.id)} TO public`);
    await closed.refresh();
    expect(await closed.diff(inputs)).toEqual(["privileges[0]"]);
    await closed.update(inputs);
    await closed.refresh();
    expect(await closed.diff(inputs)).toEqual([]);
    await closed.delete();
    await role.delete();
  });

  it("DefaultPrivileges: for tables that are made later", async () => {
    const [owner, reader] = [
      await postgres.create(ROLE, { name: uniqueName("owner") }),
      await postgres.create(ROLE, { name: uniqueName("reader") }),
    ];
    const inputs = {
      role: reader.id,
      database: database.id,
      owner: owner.id,
      schema: "public",
      objectType: "table",
      privileges: ["SELECT"],
    };
    const defaults = await postgres.create(DEFAULT_PRIVILEGES, inputs);
    expect(defaults.id).toBe(`${reader.id}_${database.id}_public_${owner.id}_table`);
    await defaults.refresh();
    expect(await defaults.diff(inputs)).toEqual([]);

    await run(
      `GRANT CREATE ON SCHEMA public TO ${identifier(owner.id)}; SET ROLE ${identifier(owner.id)}; CREATE TABLE later (n int)`,
      [],
      database.id,
    );
    expect(await allowed(reader.id, "later")).toEqual(["SELECT"]);

    await defaults.update({ ...inputs, privileges: ["SELECT", "UPDATE"] });
    await defaults.refresh();
    expect(await defaults.diff(inputs)).toEqual(["privileges[1]"]);
    await defaults.delete();
    expect(await defaults.refresh()).toBe(false);
    await run(`DROP TABLE later; DROP OWNED BY ${identifier(owner.id)}`, [], database.id);
    for (const role of [owner, reader]) await role.delete();
    await defaults.delete();
  });
});

describe("a server that cannot be used", () => {
  it("is named where it cannot be reached", async () => {
    const lost = await ProviderHarness.start(postgresqlProvider, {
      ...endpoint,
      host: "localhost",
      port: 1,
    });
    await expect(lost.import(ROLE, "somebody")).rejects.toThrow(
      /^Postgres does not answer at localhost:1: .*ECONNREFUSED.*Start it/,
    );
  });

  it("says that the login is wrong, and never the password", async () => {
    const wrong = await ProviderHarness.start(postgresqlProvider, {
      ...endpoint,
      password: "not-it",
    });
    const error = await wrong.create(ROLE, { name: uniqueName("role"), password: "hidden" }).then(
      () => undefined,
      (reason: unknown) => reason as Error,
    );
    expect(error?.message).toMatch(
      /password authentication failed .*Check username and password of the provider\.$/,
    );
    expect(error?.message).not.toMatch(/not-it|hidden/);
  });
});

async function connect(databaseName: string, user?: string, password?: string): Promise<Client> {
  const { host, port, username, password: own } = endpoint as Record<string, string>;
  const client = new Client({
    ...(host === undefined ? {} : { host }),
    port: Number(port),
    user: user ?? username ?? "postgres",
    password: password ?? own ?? "",
    database: databaseName,
    ssl: false,
  });
  client.on("error", () => undefined);
  await client.connect();
  return client;
}

async function run<Row>(
  sql: string,
  values: readonly unknown[] = [],
  databaseName = "postgres",
): Promise<Row[]> {
  const client = await connect(databaseName);
  try {
    const { rows } = await client.query(sql, values.length === 0 ? undefined : [...values]);
    return rows as Row[];
  } finally {
    await client.end();
  }
}

/** `in`, or the SQLSTATE of the refusal. */
async function tryLogin(user: string, password: string, to = "postgres"): Promise<string> {
  try {
    await (await connect(to, user, password)).end();
    return "in";
  } catch (error) {
    return String((error as { code?: string }).code);
  }
}

async function membershipsOf(role: string): Promise<string[]> {
  const rows = await run<{ name: string }>(
    "SELECT pg_get_userbyid(roleid) AS name FROM pg_auth_members WHERE pg_get_userbyid(member) = $1",
    [role],
  );
  return rows.map(({ name }) => name);
}

async function allowed(role: string, table: string): Promise<string[]> {
  const rows = await run<{ privilege_type: string }>(
    `SELECT privilege_type FROM information_schema.role_table_grants
     WHERE grantee = $1 AND table_name = $2 ORDER BY 1`,
    [role, table],
    database.id,
  );
  return rows.map(({ privilege_type }) => privilege_type);
}
