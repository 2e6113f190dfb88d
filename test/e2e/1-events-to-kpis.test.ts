import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { beforeAll, describe, expect, it } from "vitest";

import { behaviourFile, behaviourTruth, type BehaviourTruth } from "../support/behaviour.ts";
import { eventually, sql, sqlRow } from "../support/lakehouse.ts";
import { expectedKpis, expectSurvival, expectTables, kpis, replay } from "../support/replays.ts";

// The producer's live events flow beside all of this; the replayed days lie years before them.
const replayed = "event_time < TIMESTAMP '2020-01-01'";
const tables = ["orders", "clicks", "errors"] as const;

const brokenRows = "reason LIKE '%session_id is missing%' AND raw LIKE '2019-%'";

describe("events become exact tables and KPIs", () => {
  let folder: string;
  let file: string;
  let truth: BehaviourTruth;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "lakehouse-"));
    file = await behaviourFile(folder);
    truth = await behaviourTruth(file);
  });

  it("turns live events into KPI rows of the current minutes", async () => {
    await eventually(
      "a KPI row of the last two minutes",
      () => kpis("window_start > now() - INTERVAL 2 MINUTE"),
      (rows) => rows.some((row) => row.clicks > 0),
    );
  });

  it("replays a day of real behaviour into exactly its orders, clicks and dead letters", async () => {
    const summary = await replay(file);
    expect(summary).toMatchObject({
      rows: truth.rows,
      orders: truth.orders,
      clicks: truth.clicks,
      deadLetters: truth.deadLetters,
    });
    await expectTables(truth, replayed);
    const letters = await sql(
      `SELECT topic, reason, raw FROM ecommerce_db.dead_letters WHERE ${brokenRows}`,
    );
    expect(letters).toHaveLength(truth.deadLetters);
  });

  it("shows for every minute the KPIs that the file's own rows give", async () => {
    expect(await kpis("window_start < TIMESTAMP '2020-01-01'")).toEqual(expectedKpis(truth));
  });

  it("adds nothing when the same file is replayed again", async () => {
    await replay(file);
    await expectTables(truth, replayed);
    expect(await kpis("window_start < TIMESTAMP '2020-01-01'")).toEqual(expectedKpis(truth));
    const letters = await sqlRow(
      `SELECT count(*) AS n FROM ecommerce_db.dead_letters WHERE ${brokenRows}`,
    );
    expect(letters["n"]).toBe(truth.deadLetters);
  });

  it.each([
    ["Spark driver", 2021],
    ["Kafka broker", 2022],
    ["catalog", 2023],
  ] as const)(
    "loses and doubles nothing when the %s is killed in the middle of a replay",
    (victim, year) => expectSurvival(victim, year, folder),
  );

  it("holds every event once, whatever was sent", async () => {
    for (const table of tables) {
      const row = await sqlRow(
        `SELECT count(*) AS n, count(DISTINCT event_id) AS ids FROM ecommerce_db.${table}`,
      );
      expect(row["n"], table).toBe(row["ids"]);
    }
  });
});
