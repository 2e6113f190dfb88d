import { mkdtemp, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { describe, expect, it } from "vitest";

import { root } from "../../cli/host/paths.ts";
import { lakehouse, sql, stack } from "../support/lakehouse.ts";

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
      "airflow",
      "dashboard",
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

describe("bad input is refused with a cure, and nothing is sent", () => {
  it.each([
    ["a missing file", ["replay", "does-not-exist.csv"], /does-not-exist\.csv/],
    ["a folder", ["replay", "test"], /test/],
    ["a wrong speed", ["replay", "package.json", "--speed", "fast"], /"fast" is neither/],
    ["a wrong option", ["replay", "package.json", "--spee", "1"], /unknown option/],
    ["a wrong cluster", ["up", "--cluster", "moon"], /Allowed choices are kind, current/],
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
