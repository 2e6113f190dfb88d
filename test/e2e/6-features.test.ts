import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { createClient } from "@redis/client";
import { execa } from "execa";
import { Client } from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { ensureVenv } from "../../cli/build/python.ts";
import { mavenJars } from "../../cli/build/maven.ts";
import { root } from "../../cli/host/paths.ts";
import { behaviourFile } from "../support/behaviour.ts";
import { kill, scaleProducer } from "../support/faults.ts";
import { expectedHashes, featureTruth, type FeatureTruth } from "../support/features.ts";
import { eventually, lakehouse, sql, sqlRow } from "../support/lakehouse.ts";

/** Where e2e/setup.ts found a server. */
const given = (name: string) =>
  JSON.parse(process.env[`LAKEHOUSE_TEST_${name}`] ?? "{}") as Record<string, string>;

async function connectPostgres(): Promise<Client> {
  const { host = "", port, username = "", password = "" } = given("POSTGRES");
  const client = new Client({
    host,
    port: Number(port),
    user: username,
    password,
    database: "lakehouse",
  });
  await client.connect();
  return client;
}

async function connectRedis() {
  const { host = "", port, password = "" } = given("REDIS");
  const client = createClient({ socket: { host, port: Number(port) }, password });
  return client.connect();
}

function bronze(): (key: string, body: string) => Promise<unknown> {
  const { minioServer = "", minioUser = "", minioPassword = "" } = given("MINIO");
  const client = new S3Client({
    endpoint: `http://${minioServer}`,
    region: "us-east-1",
    forcePathStyle: true,
    credentials: { accessKeyId: minioUser, secretAccessKey: minioPassword },
  });
  return (Key, Body) => client.send(new PutObjectCommand({ Bucket: "bronze", Key, Body }));
}

describe("objects become features", () => {
  let truth: FeatureTruth;
  let file: string;
  let postgres: Client;
  let redis: Awaited<ReturnType<typeof connectRedis>>;

  /** Events, purchases and counts of the file's sessions in Postgres. */
  const processed = async () => {
    const { rows } = await postgres.query<{
      session: string;
      events: number;
      ids: number;
      least: number;
      most: number;
      purchases: number;
    }>(
      `SELECT user_session AS session, count(*)::int AS events,
         count(DISTINCT event_id)::int AS ids, min(activity_count) AS least,
         max(activity_count) AS most, sum(is_purchased)::int AS purchases
       FROM processed_data WHERE user_session = ANY($1) GROUP BY user_session`,
      [[...truth.sessions.keys()]],
    );
    return rows;
  };
  const pairs = () =>
    [...truth.sessions].flatMap(([session, rows]) =>
      [...new Set(rows.map(({ product }) => product))].map((product) => ({ session, product })),
    );
  /** Keys of the file's sessions in Redis. */
  const served = async () =>
    (await redis.keys("session:*")).filter((key) => truth.sessions.has(key.split(":")[1] ?? ""));
  const hash = (session: string, product: string) =>
    redis.hGetAll(`session:${session}:product:${product}`);

  async function load(): Promise<void> {
    const { exitCode, stderr } = await lakehouse("load", file, "--pace", "max");
    expect(exitCode, stderr).toBe(0);
  }

  beforeAll(async () => {
    file = await behaviourFile(await mkdtemp(join(tmpdir(), "lakehouse-")));
    truth = await featureTruth(file);
    postgres = await connectPostgres();
    redis = await connectRedis();
    // The shop's own events take half a core from what is tested here.
    await scaleProducer(0);
  });

  afterAll(async () => {
    await scaleProducer(1);
    await postgres.end();
    await redis.close();
  });

  it("takes in a file while its driver is killed in the middle", async () => {
    const loading = load();
    await eventually("the first served features", served, (keys) => keys.length > 0, 600);
    await kill("feature driver");
    await loading;
    await eventually(
      "all rows in Postgres",
      async () => (await processed()).reduce((sum, { events }) => sum + events, 0),
      (rows) => rows >= truth.rows,
      300,
    );
    await eventually("all sessions in Redis", served, (keys) => keys.length >= truth.pairs, 300);
    // More than the waits above together, so that the one that is in vain says what it waited for.
  }, 1_500_000);

  it("has every training event once, with the count of its whole session", async () => {
    const rows = await processed();
    for (const { session, events, ids, least, most } of rows) {
      const own = truth.sessions.get(session)?.length;
      expect([events, ids, least, most], session).toEqual([own, own, own, own]);
    }
    expect(rows).toHaveLength(truth.sessions.size);
    expect(rows.reduce((sum, { purchases }) => sum + purchases, 0)).toBe(truth.purchases);
  });

  it("has the same in the lakehouse, as a snapshot to train with", async () => {
    const counts = "count(*) AS n, count(DISTINCT event_id) AS ids, sum(is_purchased) AS bought";
    const times = [...truth.sessions.values()].flat().map(({ time }) => time);
    const [first, last] = [times.toSorted()[0] ?? "", times.toSorted().at(-1) ?? ""];
    const expected = { n: truth.rows, ids: truth.rows };
    const read = (table: string) =>
      sqlRow(
        `SELECT ${counts} FROM ${table}
         WHERE event_timestamp BETWEEN TIMESTAMPTZ '${first}' AND TIMESTAMPTZ '${last}'`,
      );
    for (const table of ["ecommerce_db.session_features", "lakehouse.training_set"]) {
      const row = await eventually(
        `all rows of ${table}`,
        () => read(table),
        ({ n }) => Number(n) >= truth.rows,
      );
      expect(row, table).toMatchObject(expected);
      expect(Number(row["bought"]), table).toBe(truth.purchases);
    }
    const tag = await eventually("a training snapshot", newestTag, (name) => name !== undefined);
    expect(await read(`ecommerce_db.session_features AT TAG "${String(tag)}"`)).toMatchObject(
      expected,
    );
  });

  it("serves of every session and product the latest features, counted so far", async () => {
    expect(await served()).toHaveLength(truth.pairs);
    const hashes = await Promise.all(pairs().map(({ session, product }) => hash(session, product)));
    for (const [index, { session, product }] of pairs().entries()) {
      const { event_id: id, user_id: user, ...features } = hashes[index] ?? {};
      const possible = expectedHashes(truth.sessions.get(session) ?? [], session, product);
      expect(possible).toContainEqual(features);
      expect([id, user].every((value) => value !== undefined && value !== "")).toBe(true);
    }
  });

  it("changes nothing when the file is loaded again", async () => {
    const [{ session, product }] = pairs() as [{ session: string; product: string }];
    const before = await hash(session, product);
    await load();
    expect(await hash(session, product)).toEqual(before);
    expect((await processed()).reduce((sum, { events }) => sum + events, 0)).toBe(truth.rows);
  });

  it("reads keys of any letters, and tells why an object is rejected", async () => {
    const put = bronze();
    const event = {
      event_time: "2019-10-02T00:00:00.000Z",
      event_type: "cart",
      product_id: "7",
      user_id: "5",
      user_session: "test-of-keys",
      price: "1.50",
    };
    const keys = ["a b+c", "ü漢🛒", "100%25"];
    for (const [index, key] of keys.entries()) {
      const document = JSON.stringify({ ...event, event_id: key, product_id: String(index) });
      await put(`testing_data/${key}.json`, document);
      await put(`testing_data/${key}.json`, document);
    }
    await put("testing_data/empty.json", "");
    await put("testing_data/text.json", "no json");
    await put("testing_data/negative.json", JSON.stringify({ ...event, price: "-1" }));
    await put("training_data/text.parquet", "no Parquet");

    await eventually(
      "the features of all keys",
      () => Promise.all(keys.map((_, index) => hash("test-of-keys", String(index)))),
      (hashes) => hashes.every(({ activity_count: count }) => count === String(keys.length)),
    );
    const reasons = [
      "testing_data/empty.json: the object is empty",
      "testing_data/negative.json: price is not a decimal of at least 0",
      "testing_data/text.json: the object is not JSON",
      "training_data/text.parquet: the object is not Parquet",
    ];
    const list = reasons.map((reason) => `'${reason}'`).join(", ");
    await eventually(
      "the reasons",
      () =>
        sql(
          `SELECT DISTINCT reason FROM ecommerce_db.dead_letters WHERE reason IN (${list})
           ORDER BY reason`,
        ),
      (rows) => rows.length === reasons.length,
    );
    await redis.del([
      ...keys.map((_, index) => `session:test-of-keys:product:${index}`),
      "activity:test-of-keys",
    ]);
  });

  it("keeps what its stores promise, against the servers that are deployed", async () => {
    const python = join(
      await ensureVenv(join(root, "test/requirements.txt"), () => undefined),
      "bin/python",
    );
    const jars = await mavenJars(join(root, "images/spark/pom.xml"), () => undefined);
    const tests = ["online", "offline"].map(
      (store) => `k8s-jobs/features/tests/test_${store}_store.py`,
    );
    const { exitCode, all } = await execa(
      python,
      ["-m", "pytest", "-q", "-p", "no:cacheprovider", ...tests],
      { cwd: root, env: { LAKEHOUSE_SPARK_JARS: jars }, all: true, reject: false },
    );
    expect(exitCode, all).toBe(0);
    expect(all).not.toContain("skipped");
  });
});

/** The newest tag of a training snapshot. */
async function newestTag(): Promise<string | undefined> {
  const { uri = "" } = given("NESSIE");
  const answer = await fetch(`${uri}/api/v2/trees`);
  const { references } = (await answer.json()) as { references: { name: string }[] };
  return references
    .map(({ name }) => name)
    .filter((name) => name.startsWith("training-"))
    .toSorted()
    .at(-1);
}
