import { describe, expect, it } from "vitest";
import { asWanted } from "../../../../providers/postgresql/privileges.ts";
import { postgresqlProvider } from "../../../../providers/postgresql/provider.ts";
import { failuresOf } from "../failures.ts";

const ROLE = "postgresql:index/role:Role";
const GRANT = "postgresql:index/grant:Grant";
const PUBLICATION = "postgresql:index/publication:Publication";
const SLOT = "postgresql:index/replicationSlot:ReplicationSlot";
const DEFAULTS = "postgresql:index/defaultPrivileges:DefaultPrivileges";

describe("inputs of postgresql resources", () => {
  it.each([
    [ROLE, { name: "pg_mine" }, "name: must not begin with pg_, which Postgres keeps for itself"],
    [ROLE, { name: "x".repeat(64) }, "name: must be at most 63 bytes, or Postgres would cut it"],
    [
      ROLE,
      { encryptedPassword: false },
      "encryptedPassword: must be true: Postgres stores no plain passwords",
    ],
    [ROLE, { connectionLimit: -2 }, "connectionLimit: must be at least 0, or -1 for no limit"],
    [
      "postgresql:index/database:Database",
      { name: "a", connectionLimit: -2 },
      "connectionLimit: must be at least 0, or -1 for no limit",
    ],
    [
      GRANT,
      { role: "a", database: "b", objectType: "database", privileges: ["SELECT"] },
      "privileges: SELECT: a database has ALL, CREATE, CONNECT, TEMPORARY alone",
    ],
    [
      GRANT,
      { role: "a", database: "b", objectType: "table", privileges: ["SELECT"] },
      "schema: is needed where objectType is table",
    ],
    [
      GRANT,
      {
        role: "a",
        database: "b",
        schema: "c",
        objectType: "schema",
        objects: ["d"],
        privileges: [],
      },
      "objects: must not be given where objectType is schema",
    ],
    [
      GRANT,
      { role: "a", database: "b", objectType: "column", privileges: [] },
      "objectType: must be one of database, schema, table, sequence, function, procedure, routine; " +
        "the others are not covered by this stand-in",
    ],
    [
      DEFAULTS,
      { role: "a", database: "b", owner: "c", schema: "d", objectType: "schema", privileges: [] },
      "schema: must not be given where objectType is schema",
    ],
    [
      DEFAULTS,
      {
        role: "public",
        database: "b",
        owner: "c",
        objectType: "table",
        privileges: [],
        withGrantOption: true,
      },
      "withGrantOption: must be false where role is public",
    ],
    [PUBLICATION, { tables: ["orders"] }, "tables[0]: must be SCHEMA.TABLE"],
    [
      PUBLICATION,
      { tables: ["public.orders"], allTables: true },
      "tables: must not be given where allTables is true",
    ],
    [
      PUBLICATION,
      { publishParams: ["select"] },
      "publishParams[0]: must be of insert, update, delete, truncate",
    ],
    [
      SLOT,
      { name: "my-slot", plugin: "pgoutput" },
      "name: must be of lower-case letters, digits and underscores, as Postgres has it",
    ],
  ])("%s %j is refused", async (token, inputs, failure) => {
    expect(await failuresOf(postgresqlProvider, token, inputs)).toEqual([failure]);
  });

  it("a password is not part of a refusal", async () => {
    const failures = await failuresOf(postgresqlProvider, ROLE, { password: ["hidden"] });
    expect(failures).toHaveLength(1);
    expect(failures.join()).not.toContain("hidden");
  });
});

describe("asWanted", () => {
  it("is what the program wrote where the server says the same", () => {
    const wanted = ["USAGE", "CREATE"];
    expect(asWanted(["CREATE", "USAGE"], wanted, "schema", 150_000)).toBe(wanted);
    expect(asWanted(["USAGE"], wanted, "schema", 150_000)).toEqual(["USAGE"]);
  });

  it("takes ALL for as many privileges as this version of the server knows", () => {
    const before17 = ["SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER"];
    const since17 = [...before17, "MAINTAIN"];
    const wanted = ["ALL"];
    expect(asWanted(before17, wanted, "table", 160_004)).toBe(wanted);
    expect(asWanted(since17, wanted, "table", 170_000)).toBe(wanted);
    expect(asWanted(before17, wanted, "table", 170_000)).toEqual([...before17].sort());
  });
});
