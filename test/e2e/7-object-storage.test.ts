import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import {
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  type S3Client,
} from "@aws-sdk/client-s3";
import { parquetReadObjects } from "hyparquet";
import { beforeAll, describe, expect, it } from "vitest";

import { CronJobs } from "../../cli/cron-jobs.ts";
import { requireDeployment } from "../../cli/deployment.ts";
import { behaviourTruth, madeBehaviourFile } from "../support/behaviour.ts";
import { scaleKafka } from "../support/faults.ts";
import { lakehouse, stack } from "../support/lakehouse.ts";
import { objectEvents, objectStorageAs } from "../support/object-storage.ts";

const buckets = ["warehouse", "checkpoints", "storage", "bronze"] as const;
type Bucket = (typeof buckets)[number];

const run = Date.now().toString(36);
const put = (s3: S3Client, bucket: Bucket, key: string) =>
  s3.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: "{}" }));
const list = async (s3: S3Client, bucket: Bucket, prefix: string): Promise<string[]> => {
  const page = await s3.send(new ListObjectsV2Command({ Bucket: bucket, Prefix: prefix }));
  return (page.Contents ?? []).map(({ Key = "" }) => Key);
};

let copier: S3Client;
let loader: S3Client;
let spark: S3Client;
let jobs: CronJobs;

beforeAll(async () => {
  [copier, loader, spark] = await Promise.all([
    objectStorageAs("copier"),
    objectStorageAs("loader"),
    objectStorageAs("spark"),
  ]);
  jobs = new CronJobs((await requireDeployment(stack)).kubeconfig);
});

const copy = (): Promise<string> => jobs.run("replay-testing", [], () => undefined);

describe("a behaviour CSV that is loaded", () => {
  async function load(file: string): Promise<Record<string, unknown>> {
    const { exitCode, stdout, stderr } = await lakehouse("load", file, "--json");
    expect(exitCode, stderr).toBe(0);
    return JSON.parse(stdout) as Record<string, unknown>;
  }

  it("is in `storage` and `bronze`, in whole, and only once however often it is loaded", async () => {
    // A time of its own: rows of other tests are of later years.
    const folder = await mkdtemp(join(tmpdir(), "lakehouse-"));
    const path = join(folder, "behaviour.csv");
    const file = await madeBehaviourFile(path, 300, "2018-03-01T00:30:00Z");
    const truth = await behaviourTruth(file);
    const stored = truth.orders + truth.clicks;
    const first = await load(file);
    expect(first).toMatchObject({
      rows: truth.rows,
      stored,
      rejected: truth.deadLetters,
      testing: { objects: stored },
      rejects: [{ line: truth.rows + 1, reason: "user_session is missing" }],
    });
    for (const bucket of ["storage", "bronze"] as const) {
      const reader = bucket === "bronze" ? spark : copier;
      expect(await list(reader, bucket, "testing_data/20180301T"), bucket).toHaveLength(stored);
    }
    const keys = await list(spark, "bronze", "training_data/2018-03-01T");
    const rows = await Promise.all(keys.map((key) => parquetRows(key)));
    expect(rows.flat()).toHaveLength(stored);

    expect(await load(file)).toMatchObject({
      rows: truth.rows,
      training: { added: 0 },
      testing: { added: 0, alreadyThere: stored },
      copied: { training: 0, testing: 0 },
    });
  });

  async function parquetRows(key: string): Promise<Record<string, unknown>[]> {
    const { Body } = await spark.send(new GetObjectCommand({ Bucket: "bronze", Key: key }));
    const bytes = (await Body?.transformToByteArray()) ?? new Uint8Array();
    return parquetReadObjects({ file: new Uint8Array(bytes).buffer });
  }
});

describe("the copier", () => {
  const folder = `testing_data/odd-${run}/`;
  const keys = ["plain.json", "a b+c.json", "ü/日本 😀.json", "100%25 &=?#;'(!)*.json"].map(
    (name) => folder + name,
  );

  it("copies keys of any characters, of which Kafka is told URL-encoded", async () => {
    for (const key of keys) await put(loader, "storage", key);
    await copy();
    expect((await list(spark, "bronze", folder)).toSorted()).toEqual(keys.toSorted());
    const events = await objectEvents("testing_data_streaming", folder, keys.length);
    expect(events.map(({ key }) => key).toSorted()).toEqual(keys.toSorted());
    expect(events.map(({ encodedKey }) => encodedKey)).toContain(
      `testing_data%2Fodd-${run}%2Fa+b%2Bc.json`,
    );
  });

  it("copies nothing the second time", async () => {
    await copy();
    expect(await copy()).toMatch(/^testing: 0 copied, \d+ were there already$/);
  });
});

describe("the events of `bronze`", () => {
  it("all arrive after an outage of Kafka, each once but for repetitions", async () => {
    const folder = `testing_data/outage-${run}/`;
    const keys = Array.from({ length: 200 }, (_, index) => `${folder}${index}.json`);
    await scaleKafka(0);
    try {
      for (const key of keys) await put(copier, "bronze", key);
    } finally {
      await scaleKafka(1);
    }
    const events = await objectEvents("testing_data_streaming", folder, keys.length);
    expect(events.map(({ key }) => key).toSorted()).toEqual(keys.toSorted());
  });

  it("are of objects with the right prefix and suffix alone", async () => {
    const folder = `testing_data/filter-${run}/`;
    await put(copier, "bronze", `${folder}not-told.txt`);
    await put(copier, "bronze", `elsewhere/${run}.json`);
    await put(copier, "bronze", `${folder}told.json`);
    const events = await objectEvents("testing_data_streaming", folder, 1);
    expect(events.map(({ key }) => key)).toEqual([`${folder}told.json`]);
  });
});

describe("access keys", () => {
  const key = `access-test-${run}`;
  const actions: Readonly<Record<string, (s3: S3Client, bucket: Bucket) => Promise<unknown>>> = {
    list: (s3, bucket) => list(s3, bucket, key),
    put: (s3, bucket) => put(s3, bucket, key),
    get: (s3, bucket) => s3.send(new GetObjectCommand({ Bucket: bucket, Key: key })),
    delete: (s3, bucket) => s3.send(new DeleteObjectCommand({ Bucket: bucket, Key: key })),
  };

  /** What a user may do with a bucket; an object that is not there may be asked for all the same. */
  async function allowed(s3: S3Client, bucket: Bucket): Promise<string> {
    const names: string[] = [];
    for (const [name, act] of Object.entries(actions)) {
      const refusal = await act(s3, bucket).then(
        () => undefined,
        (error: unknown) => (error as Error).name,
      );
      expect([undefined, "AccessDenied", "NoSuchKey"]).toContain(refusal);
      if (refusal !== "AccessDenied") names.push(name);
    }
    return names.join(" ");
  }

  it.each<[string, Partial<Record<Bucket, string>>]>([
    ["loader", { storage: "list put" }],
    ["copier", { storage: "list get", bronze: "list put" }],
    [
      "spark",
      {
        warehouse: "list put get delete",
        checkpoints: "list put get delete",
        bronze: "list get",
      },
    ],
    ["nessie", { warehouse: "list put get delete" }],
    ["query", { warehouse: "list get" }],
  ])("of %s allow its work and nothing else", async (user, expected) => {
    const s3 = await objectStorageAs(user);
    const found = await Promise.all(
      buckets.map(async (bucket) => [bucket, await allowed(s3, bucket)] as const),
    );
    expect(Object.fromEntries(found)).toEqual(
      Object.fromEntries(buckets.map((bucket) => [bucket, expected[bucket] ?? ""])),
    );
  });
});
