import { beforeAll, describe, expect, it } from "vitest";

import { Jupyter } from "../support/jupyter.ts";
import { lakehouse } from "../support/lakehouse.ts";

describe("the notebook", () => {
  let jupyter: Jupyter;

  beforeAll(async () => {
    jupyter = await Jupyter.open();
  });

  it("lets nobody in without the token", async () => {
    expect(await jupyter.statusForStrangers("/api/contents")).toBe(403);
    expect(await jupyter.statusForStrangers("/api/kernels")).toBe(403);
  });

  it("says where it is, but not its token", async () => {
    const { exitCode, stdout, stderr } = await lakehouse("open", "notebook");
    expect(exitCode, stderr).toBe(0);
    expect(stdout).toMatch(/^http:\/\/localhost:\d+\n/);
    expect(stdout).toContain("get secret notebook-token");
  });

  it("runs its example on the live tables, cell by cell", async () => {
    const cells = await jupyter.codeCells("examples/live-monitoring.ipynb");
    expect(cells.length).toBeGreaterThan(5);
    await jupyter.run(cells);
  });

  it("cannot write to the tables", async () => {
    const insert = "spark.sql('INSERT INTO ecommerce_db.errors SELECT * FROM ecommerce_db.errors')";
    const start =
      "from pyspark.sql import SparkSession\nspark = SparkSession.builder.getOrCreate()";
    await expect(jupyter.run([start, insert])).rejects.toThrow(/403|Access ?Denied/i);
  });
});
