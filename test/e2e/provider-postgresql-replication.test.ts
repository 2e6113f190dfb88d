import { Client } from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { PostgresConnection } from "../../providers/postgresql/connection.ts";
import { postgresqlProvider } from "../../providers/postgresql/provider.ts";
import { endpointFrom, ProviderHarness, uniqueName } from "./provider-harness.ts";

const PUBLICATION = "postgresql:index/publication:Publication";
const SLOT = "postgresql:index/replicationSlot:ReplicationSlot";

const endpoint = endpointFrom("LAKEHOUSE_TEST_POSTGRES");
let postgres: ProviderHarness<typeof postgresqlProvider.config, PostgresConnection>;
let database: Awaited<ReturnType<typeof postgres.create>>;

beforeAll(async () => {
  postgres = await ProviderHarness.start(postgresqlProvider, endpoint);
  database = await postgres.create("postgresql:index/database:Database", {
    name: uniqueName("replicated"),
  });
  await run("CREATE TABLE orders (id int PRIMARY KEY); CREATE TABLE lines (id int PRIMARY KEY)");
});

afterAll(async () => {
  await database.delete();
});

describe("postgresql.Publication", () => {
  const published = (name: string) =>
    run<Record<string, unknown>>(
      `SELECT puballtables, pubinsert, pubupdate, pubdelete, pubtruncate,
         ARRAY(SELECT tablename::text FROM pg_publication_tables t
               WHERE t.pubname = p.pubname ORDER BY 1) AS tables
       FROM pg_publication p WHERE pubname = '${name}'`,
    );

  it("is made, changed and renamed in place, and removed", async () => {
    const inputs = {
      name: uniqueName("publication"),
      database: database.id,
      tables: ["public.orders"],
      publishParams: ["insert", "update"],
    };
    const publication = await postgres.create(PUBLICATION, inputs);
    expect(publication.id).toBe(`${database.id}.${inputs.name}`);
    expect(publication.outputs).toMatchObject({ owner: "postgres", allTables: false });
    await publication.refresh();
    expect(await publication.diff(inputs)).toEqual([]);
    expect(await publication.diff({ ...inputs, allTables: true, tables: [] })).toContain(
      "allTables!",
    );

    const wanted = {
      ...inputs,
      name: `${inputs.name}-2`,
      tables: ["public.lines"],
      publishParams: ["truncate", "insert"],
    };
    await publication.update(wanted);
    expect(await published(inputs.name)).toEqual([]);
    expect(await published(wanted.name)).toEqual([
      {
        puballtables: false,
        pubinsert: true,
        pubupdate: false,
        pubdelete: false,
        pubtruncate: true,
        tables: ["lines"],
      },
    ]);
    await publication.refresh();
    expect(await publication.diff(wanted)).toEqual([]);

    await publication.delete();
    expect(await publication.refresh()).toBe(false);
    await publication.delete();
  });

  it("publishes all tables, and can be imported", async () => {
    const inputs = { name: uniqueName("all"), database: database.id, allTables: true };
    const publication = await postgres.create(PUBLICATION, inputs);
    expect(publication.outputs).toMatchObject({
      tables: ["public.lines", "public.orders"],
      publishParams: ["insert", "update", "delete", "truncate"],
    });
    const imported = await postgres.import(PUBLICATION, publication.id);
    expect(await imported?.diff(inputs)).toEqual([]);
    await publication.delete();
  });

  it("takes over what an interrupted update left, and nothing else", async () => {
    const inputs = { name: uniqueName("again"), database: database.id, tables: ["public.orders"] };
    const publication = await postgres.create(PUBLICATION, inputs);
    await expect(postgres.create(PUBLICATION, inputs)).resolves.toMatchObject({
      id: publication.id,
    });
    await expect(
      postgres.create(PUBLICATION, { ...inputs, tables: ["public.lines"] }),
    ).rejects.toThrow("exists already");
    await publication.delete();
  });
});

describe("postgresql.ReplicationSlot", () => {
  const slotName = () => uniqueName("slot").replaceAll("-", "_");

  it("keeps the changes from its making on, until it is removed", async () => {
    const inputs = { name: slotName(), database: database.id, plugin: "test_decoding" };
    const slot = await postgres.create(SLOT, inputs);
    expect(slot.id).toBe(`${database.id}.${inputs.name}`);
    await run("INSERT INTO orders VALUES (1)");
    const changes = await run<{ data: string }>(
      `SELECT data FROM pg_logical_slot_peek_changes('${inputs.name}', NULL, NULL)`,
    );
    expect(changes.map(({ data }) => data)).toContain("table public.orders: INSERT: id[integer]:1");

    await slot.refresh();
    expect(await slot.diff(inputs)).toEqual([]);
    expect(await slot.diff({ ...inputs, plugin: "pgoutput" })).toEqual(["plugin!"]);
    expect(await (await postgres.import(SLOT, slot.id))?.diff(inputs)).toEqual([]);

    await slot.delete();
    expect(await slot.refresh()).toBe(false);
    await slot.delete();
  });

  it("takes over what an interrupted update left, and nothing else", async () => {
    const inputs = { name: slotName(), database: database.id, plugin: "pgoutput" };
    const slot = await postgres.create(SLOT, inputs);
    await expect(postgres.create(SLOT, inputs)).resolves.toMatchObject({ id: slot.id });
    await expect(postgres.create(SLOT, { ...inputs, database: "postgres" })).rejects.toThrow(
      "exists already",
    );
    await slot.delete();
  });
});

async function run<Row>(sql: string): Promise<Row[]> {
  const { host, port, username, password } = endpoint as Record<string, string>;
  const client = new Client({
    ...(host === undefined ? {} : { host }),
    port: Number(port),
    user: username ?? "postgres",
    password: password ?? "",
    database: database.id,
    ssl: false,
  });
  await client.connect();
  try {
    return (await client.query(sql)).rows as Row[];
  } finally {
    await client.end();
  }
}
