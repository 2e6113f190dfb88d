import { randomUUID } from "node:crypto";
import { mkdtemp, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { describe, expect, it } from "vitest";

import { connectSender } from "../../apps/producer/connect.ts";
import { connection } from "../../cli/connection.ts";
import { root } from "../../cli/host/paths.ts";
import { eventually, lakehouse, sql, sqlRow, stack } from "../support/lakehouse.ts";

interface Status {
  cluster: string;
  kubeconfig: string;
  stack: string;
  components: { name: string; ready: boolean; url: string | null; reason: string | null }[];
}

describe("status", () => {
  it("lists every component as ready, with its address", async () => {
    const { exitCode, stdout, stderr } = await lakehouse("status", "--json");
    expect(exitCode, stderr).toBe(0);
    const status = JSON.parse(stdout) as Status;
    expect(status).toMatchObject({ cluster: "kind", stack });
    expect(status.components.map(({ name }) => name)).toEqual([
      "dashboard",
      "features",
      "kafka",
      "minio",
      "nessie",
      "postgres",
      "producer",
      "query",
      "redis",
      "spark-operator-controller",
      "spark-operator-webhook",
      "streaming",
    ]);
    expect(status.components.filter(({ ready }) => !ready)).toEqual([]);
    expect(status.components.find(({ name }) => name === "dashboard")?.url).toMatch(
      /^http:\/\/localhost:\d+$/,
    );
  });
});

describe("preview", () => {
  it("shows no change after up", async () => {
    const { exitCode, stdout, stderr } = await lakehouse("preview", "--json");
    expect(exitCode, stderr).toBe(0);
    expect(JSON.parse(stdout)).toEqual([]);
  });

  it("shows exactly the field that a changed setting touches", async () => {
    const file = join(root, `Pulumi.${stack}.yaml`);
    const settings = await readFile(file, "utf8");
    await writeFile(file, `${settings}  lakehouse:producerRate: 51\n`);
    try {
      const { exitCode, stdout, stderr } = await lakehouse("preview", "--json");
      expect(exitCode, stderr).toBe(0);
      expect(JSON.parse(stdout)).toEqual([
        {
          operation: "update",
          resource: "kubernetes:apps/v1:Deployment producer",
          fields: ["spec.template.spec.containers[0].env[1].value"],
        },
      ]);
    } finally {
      await writeFile(file, settings);
    }
  });
});

describe("sql", () => {
  it("knows tables with and without the catalog and gives decimals as strings", async () => {
    const query = (table: string): string =>
      `SELECT CAST(sum(amount) AS DECIMAL(18,2)) AS revenue FROM ${table} WHERE event_time < TIMESTAMP '2020-01-01'`;
    const [plain] = await sql(query("ecommerce_db.orders"));
    const [qualified] = await sql(query("nessie_minio_catalog.ecommerce_db.orders"));
    expect(plain?.["revenue"]).toMatch(/^\d+\.\d\d$/);
    expect(qualified).toEqual(plain);
  });

  it("refuses to write", async () => {
    const { exitCode, stderr } = await lakehouse("sql", "DELETE FROM ecommerce_db.orders");
    expect(exitCode).toBe(1);
    expect(stderr).toContain("→");
  });
});

describe("replay --dead-letters", () => {
  it("brings a broken order into its table once somebody has repaired it", async () => {
    const id = `repaired-${randomUUID()}`;
    const order = {
      ...{ event_id: id, event_time: new Date().toISOString(), order_id: id },
      ...{ user_id: "u1", session_id: "s1", product_id: "p1", category: null, brand: null },
      ...{ price: "free", quantity: 1, amount: "9.99" },
    };
    const { kafka, flight } = await connection(stack);
    flight.close();
    const sender = await connectSender(kafka.brokers, 20_000);
    await sender.send([{ topic: "orders", key: "u1", value: JSON.stringify(order) }]);
    await sender.close();
    await eventually(
      "the dead letter",
      () => sqlRow(`SELECT count(*) AS n FROM ecommerce_db.dead_letters WHERE raw LIKE '%${id}%'`),
      ({ n }) => n === 1,
    );

    const file = join(await mkdtemp(join(tmpdir(), "lakehouse-")), "letters.jsonl");
    const replay = (...args: string[]) => lakehouse("replay", "--dead-letters", "orders", ...args);
    const exported = await replay("--out", file);
    expect(exported.exitCode, exported.stderr).toBe(0);
    const letters = (await readFile(file, "utf8")).split("\n").filter((line) => line.includes(id));
    expect(letters, exported.stderr).toHaveLength(1);
    const letter = JSON.parse(letters[0] ?? "") as Record<string, unknown>;
    expect(letter).toEqual({
      topic: "orders",
      partition: expect.any(Number) as number,
      offset: expect.any(Number) as number,
      reason: "price is not a decimal of at least 0",
      raw: JSON.stringify(order),
    });

    const repaired = { ...letter, raw: JSON.stringify({ ...order, price: "9.99" }) };
    await writeFile(file, `${JSON.stringify(repaired)}\n${letters[0] ?? ""}\n`);
    const half = await replay(file, "--json");
    expect(half.exitCode).toBe(1);
    expect(half.stderr).toContain("line 2: price is not a decimal of at least 0");
    expect(JSON.parse(half.stdout)).toMatchObject({ added: 1, alreadyThere: 0 });

    await writeFile(file, `${JSON.stringify(repaired)}\n`.repeat(2));
    const again = await replay(file, "--json");
    expect(again.exitCode, again.stderr).toBe(0);
    expect(JSON.parse(again.stdout)).toMatchObject({ added: 0, alreadyThere: 1, repeated: 1 });
    expect(
      await sql(`SELECT event_id, price FROM ecommerce_db.orders WHERE event_id = '${id}'`),
    ).toEqual([{ event_id: id, price: "9.99" }]);
  });
});

describe("bad input is refused with a cure, and nothing is sent", () => {
  it.each([
    ["a missing file", ["replay", "does-not-exist.csv"], /does-not-exist\.csv/],
    ["a folder", ["replay", "test"], /test/],
    ["no file", ["replay"], /There is no file to replay/],
    [
      "a topic without dead letters",
      ["replay", "--dead-letters", "moons"],
      /orders, clicks, errors/,
    ],
    [
      "an export into a file that is sent",
      ["replay", "a", "--out", "b"],
      /--out is for the export/,
    ],
    ["features of nothing", ["features", "session", "phone"], /product must be a number/],
    ["a wrong speed", ["replay", "package.json", "--speed", "fast"], /"fast" is neither/],
    ["a wrong option", ["replay", "package.json", "--spee", "1"], /unknown option/],
    ["a wrong cluster", ["up", "--cluster", "moon"], /Allowed choices are kind, k3d, current/],
    ["a missing table", ["sql", "SELECT * FROM ecommerce_db.nothing"], /nothing/],
    ["no component", ["open", "nothing"], /There is no "nothing"/],
    ["no such log", ["logs", "nothing"], /No pod belongs to "nothing"/],
  ])("%s", async (_, [command, ...args], message) => {
    const { exitCode, stdout, stderr } = await lakehouse(String(command), ...args);
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(message);
    expect(stdout).toBe("");
  });

  it("a CSV with a wrong header", async () => {
    const file = join(await mkdtemp(join(tmpdir(), "lakehouse-")), "wrong.csv");
    await writeFile(file, "time,type\n1,2\n");
    const { exitCode, stderr } = await lakehouse("replay", file);
    expect(exitCode).toBe(1);
    expect(stderr).toContain("event_time");
  });
});
