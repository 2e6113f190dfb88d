import { describe, expect, it } from "vitest";
import { grantId, grantInputs } from "../../../../providers/postgresql/grant.ts";
import {
  grantStatement,
  revokeStatement,
} from "../../../../providers/postgresql/grant-statements.ts";
import {
  alterPublication,
  createPublication,
} from "../../../../providers/postgresql/publication-statements.ts";
import { alterRole, createRole } from "../../../../providers/postgresql/role-statements.ts";
import { roleInputs } from "../../../../providers/postgresql/role.ts";
import type { RoleInputs } from "../../../../providers/postgresql/role.ts";
import { inSetOrder } from "../../../../providers/postgresql/set-order.ts";

function role(inputs: Partial<RoleInputs> = {}) {
  return { ...roleInputs.parse(inputs), name: "alice" };
}

const PLAIN =
  "NOSUPERUSER NOCREATEDB NOCREATEROLE INHERIT NOLOGIN NOREPLICATION NOBYPASSRLS " +
  "CONNECTION LIMIT -1 VALID UNTIL 'infinity'";

describe("createRole", () => {
  it("quotes whatever is in a name or a text", () => {
    expect(createRole('a"b; DROP', role({ validUntil: "it's" }))).toEqual([
      `CREATE ROLE "a""b; DROP" WITH ${PLAIN.replace("infinity", "it''s")}`,
    ]);
  });

  it("never holds a password, only its stored form", () => {
    const [statement] = createRole("alice", role({ password: "pencil" }));
    expect(statement).toMatch(/ PASSWORD 'SCRAM-SHA-256\$4096:[^']+'$/);
    expect(statement).not.toContain("pencil");
  });

  it("passes a stored form on, and NULL for none", () => {
    const stored = `md5${"0".repeat(32)}`;
    expect(createRole("alice", role({ password: stored }))).toEqual([
      `CREATE ROLE "alice" WITH ${PLAIN} PASSWORD '${stored}'`,
    ]);
    expect(createRole("alice", role({ password: "null" }))).toEqual([
      `CREATE ROLE "alice" WITH ${PLAIN} PASSWORD NULL`,
    ]);
  });

  it("adds memberships and settings", () => {
    const inputs = role({
      login: true,
      roles: ["reader"],
      searchPaths: ["public", "My Schema"],
      statementTimeout: 5000,
      assumeRole: "boss",
    });
    expect(createRole("alice", inputs)).toEqual([
      `CREATE ROLE "alice" WITH ${PLAIN.replace("NOLOGIN", "LOGIN")}`,
      'GRANT "reader" TO "alice"',
      'ALTER ROLE "alice" SET search_path TO "public", "My Schema"',
      'ALTER ROLE "alice" SET statement_timeout TO 5000',
      'ALTER ROLE "alice" SET role TO "boss"',
    ]);
  });
});

describe("alterRole", () => {
  it("does nothing where nothing differs", () => {
    const same = role({ password: "pencil", roles: ["a"], searchPaths: ["public"] });
    expect(alterRole(same, same)).toEqual([]);
    expect(alterRole(role(), role({ searchPaths: [], statementTimeout: 0 }))).toEqual([]);
  });

  it("changes exactly what differs, under the new name", () => {
    const old = role({ superuser: true, roles: ["a", "b"], statementTimeout: 5000 });
    const wanted = { ...role({ roles: ["b", "c"], connectionLimit: 3 }), name: "bob" };
    expect(alterRole(old, wanted)).toEqual([
      'ALTER ROLE "alice" RENAME TO "bob"',
      'ALTER ROLE "bob" WITH NOSUPERUSER CONNECTION LIMIT 3',
      'REVOKE "a" FROM "bob"',
      'GRANT "c" TO "bob"',
      'ALTER ROLE "bob" RESET statement_timeout',
    ]);
  });

  it("takes a password away that is no longer given", () => {
    expect(alterRole(role({ password: "pencil" }), role())).toEqual([
      'ALTER ROLE "alice" WITH PASSWORD NULL',
    ]);
  });
});

describe("grants", () => {
  const where = { role: "reader", database: "lake", schema: "public" };

  it.each([
    [
      { role: "reader", database: "lake", objectType: "database", privileges: ["CONNECT"] },
      'CONNECT ON DATABASE "lake"',
    ],
    [
      { ...where, objectType: "schema", privileges: ["USAGE", "CREATE"] },
      'USAGE, CREATE ON SCHEMA "public"',
    ],
    [
      { ...where, objectType: "table", privileges: ["ALL"] },
      'ALL ON ALL TABLES IN SCHEMA "public"',
    ],
    [
      { ...where, objectType: "table", privileges: ["SELECT"], objects: ["a", 'b"c'] },
      'SELECT ON TABLE "public"."a", "public"."b""c"',
    ],
    [
      {
        ...where,
        objectType: "function",
        privileges: ["EXECUTE"],
        objects: ["total(integer, text[])"],
      },
      'EXECUTE ON FUNCTION "public"."total"(integer, text[])',
    ],
  ])("%j", (inputs, statement) => {
    const parsed = grantInputs.parse(inputs);
    const target = statement.slice(statement.indexOf(" ON ") + 4);
    expect(grantStatement(parsed)).toBe(`GRANT ${statement} TO "reader"`);
    expect(revokeStatement(parsed)).toBe(`REVOKE ALL PRIVILEGES ON ${target} FROM "reader"`);
  });

  it("may be passed on, and may be none at all", () => {
    const inputs = grantInputs.parse({
      ...where,
      objectType: "schema",
      privileges: ["USAGE"],
      withGrantOption: true,
    });
    expect(grantStatement(inputs)).toBe(
      'GRANT USAGE ON SCHEMA "public" TO "reader" WITH GRANT OPTION',
    );
    expect(grantStatement({ ...inputs, privileges: [] })).toBeUndefined();
  });

  it("let nothing but types follow the name of a function", () => {
    const inputs = grantInputs.parse({ ...where, objectType: "function", privileges: ["EXECUTE"] });
    expect(() => grantStatement({ ...inputs, objects: ["f(int); DROP TABLE a"] })).toThrow(
      "is no name of an object",
    );
  });

  it("have the official plugin's id", () => {
    const inputs = grantInputs.parse({
      ...where,
      objectType: "table",
      privileges: [],
      objects: ["orders", "clicks"],
    });
    expect(grantId(inputs)).toBe(
      `reader_lake_public_table_${inSetOrder(["clicks", "orders"]).join("_")}`,
    );
    const database = grantInputs.parse({
      role: "reader",
      database: "lake",
      objectType: "database",
      privileges: [],
    });
    expect(grantId(database)).toBe("reader_lake_database");
  });
});

it("a set's order is that of its checksums as text", () => {
  // crc32: a 3904355907, b 1908338681, c 112844655
  expect(inSetOrder(["a", "b", "c", "a"])).toEqual(["c", "b", "a"]);
});

describe("createPublication", () => {
  it.each([
    [{}, 'CREATE PUBLICATION "shop"'],
    [{ allTables: true, tables: [] }, 'CREATE PUBLICATION "shop" FOR ALL TABLES'],
    [
      { tables: ["public.orders", 'my "s.lines'] },
      'CREATE PUBLICATION "shop" FOR TABLE "public"."orders", "my ""s"."lines"',
    ],
    [
      { publishParams: ["delete", "insert"], publishViaPartitionRootParam: true } as const,
      `CREATE PUBLICATION "shop" WITH (publish = 'insert, delete', publish_via_partition_root = true)`,
    ],
  ])("%j", (settings, statement) => {
    expect(createPublication("shop", settings)).toBe(statement);
  });
});

describe("alterPublication", () => {
  it("says nothing where nothing has changed", () => {
    const settings = { tables: ["public.a"], publishParams: ["insert", "update"] } as const;
    const same = { tables: ["public.a"], publishParams: ["update", "insert"] } as const;
    expect(alterPublication("shop", settings, same)).toEqual([]);
  });

  it("leaves alone what the program no longer says", () => {
    const settings = { tables: ["public.a"], publishParams: ["insert"] } as const;
    expect(alterPublication("shop", settings, {})).toEqual([]);
  });

  it("adds and drops tables, and sets options anew", () => {
    expect(
      alterPublication(
        "shop",
        { tables: ["public.a", "public.b"], publishParams: ["insert"] },
        {
          tables: ["public.b", "public.c"],
          publishParams: ["insert", "truncate"],
          publishViaPartitionRootParam: false,
        },
      ),
    ).toEqual([
      'ALTER PUBLICATION "shop" ADD TABLE "public"."c"',
      'ALTER PUBLICATION "shop" DROP TABLE "public"."a"',
      `ALTER PUBLICATION "shop" SET (publish = 'insert, truncate', publish_via_partition_root = false)`,
    ]);
  });
});
