import { existsSync } from "node:fs";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { gzipSync } from "node:zlib";

import { parquetReadObjects, parquetSchema, parquetMetadata } from "hyparquet";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { inspectBehaviourCsv, readBehaviourCsv } from "../../../../apps/producer/behaviour-csv.ts";
import { loadFile } from "../../../../k8s-jobs/storage-loader/load.ts";
import { emptyTally, type LoadTally } from "../../../../k8s-jobs/storage-loader/tally.ts";
import { MemoryStore } from "../../../support/memory-store.ts";

const header =
  "event_time,event_type,product_id,category_id,category_code,brand,price,user_id,user_session";
const early = "2019-10-01 00:59:59 UTC,view,44,2053013552326770905,a.b,sony,35.79,541,s-1";
const late = "2019-10-01 01:00:00 UTC,purchase,45,,,,33.2,542,s-2";
const latest = "2019-10-01 02:00:00.5 UTC,cart,46,7,c,,0,543,s-3";
const broken = "2019-10-01 01:30:00 UTC,view,46,7,c,,0,543";

let folder: string;
let path: string;
let store: MemoryStore;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "load-test-"));
  path = join(folder, "the day.csv");
  vi.stubEnv("TMPDIR", folder);
  store = new MemoryStore();
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true });
});

async function load(content: string | Buffer, into = store): Promise<LoadTally> {
  await writeFile(path, content);
  return loadFile(await inspectBehaviourCsv(path), into);
}

const csv = (...lines: string[]): string => [header, ...lines].join("\n");

/** The ids that a replay of the file makes, in its order. */
async function replayedIds(): Promise<string[]> {
  const ids: string[] = [];
  for await (const rows of readBehaviourCsv(await inspectBehaviourCsv(path))) {
    ids.push(...rows.map(({ eventId }) => eventId));
  }
  return ids;
}

const bufferOf = (key: string): ArrayBuffer => new Uint8Array(store.read("storage", key)).buffer;

const parquetRows = (key: string): Promise<Record<string, unknown>[]> =>
  parquetReadObjects({ file: bufferOf(key) });

/** A row as its Parquet file has it, out of the text of its JSON object. */
function asStored(json: string): Record<string, unknown> {
  const row = JSON.parse(json) as Record<string, string>;
  const id = (name: string): bigint | null => {
    const [, digits] = new RegExp(`"${name}":(-?\\d+)`).exec(json) ?? [];
    return digits === undefined ? null : BigInt(digits);
  };
  return {
    ...row,
    event_time: new Date(row["event_time"] ?? ""),
    price: Number(row["price"]),
    product_id: id("product_id"),
    category_id: id("category_id"),
    user_id: id("user_id"),
  };
}

describe("a behaviour CSV in the object store", () => {
  it("is one Parquet file an hour and one JSON object a row, with the ids of a replay", async () => {
    const tally = await load(csv(early, late, latest));
    expect(tally).toEqual({
      rows: 3,
      stored: 3,
      rejected: 0,
      training: { objects: 3, added: 3, alreadyThere: 0 },
      testing: { objects: 3, added: 3, alreadyThere: 0 },
      rejects: [],
    });
    const [one, two, three] = await replayedIds();
    expect(store.keys("storage", "testing_data/")).toEqual([
      `testing_data/20191001T005959Z-${String(one)}.json`,
      `testing_data/20191001T010000Z-${String(two)}.json`,
      `testing_data/20191001T020000Z-${String(three)}.json`,
    ]);
    expect(store.keys("storage", "training_data/")).toEqual(
      ["00", "01", "02"].map(
        (hour) =>
          expect.stringMatching(
            new RegExp(`^training_data/2019-10-01T${hour}-[0-9a-f]{12}\\.parquet$`),
          ) as string,
      ),
    );
    expect(await readdir(folder)).toEqual(["the day.csv"]);
  });

  it("has exact JSON: ids as whole numbers of any size, money as text, nothing as null", async () => {
    await load(csv(early, late));
    const [one, two] = await replayedIds();
    const objects = store
      .keys("storage", "testing_data/")
      .map((key) => store.read("storage", key).toString());
    expect(objects).toEqual([
      `{"event_id":"${String(one)}","event_time":"2019-10-01T00:59:59.000Z","event_type":"view",` +
        `"product_id":44,"category_id":2053013552326770905,"category_code":"a.b","brand":"sony",` +
        `"price":"35.79","user_id":541,"user_session":"s-1"}`,
      `{"event_id":"${String(two)}","event_time":"2019-10-01T01:00:00.000Z","event_type":"purchase",` +
        `"product_id":45,"category_id":null,"category_code":null,"brand":null,` +
        `"price":"33.20","user_id":542,"user_session":"s-2"}`,
    ]);
  });

  it("has the same rows in Parquet, in the types that Spark knows", async () => {
    await load(csv(early, early, late, latest));
    const rows = await Promise.all(store.keys("storage", "training_data/").map(parquetRows));
    expect(rows.map(({ length }) => length)).toEqual([2, 1, 1]);
    const byId = (list: Record<string, unknown>[]) =>
      list.toSorted((a, b) => String(a["event_id"]).localeCompare(String(b["event_id"])));
    const objects = store
      .keys("storage", "testing_data/")
      .map((key) => asStored(store.read("storage", key).toString()));
    expect(byId(rows.flat())).toEqual(byId(objects));

    const [key = ""] = store.keys("storage", "training_data/");
    const schema = parquetSchema(parquetMetadata(bufferOf(key)));
    const types = schema.children.map(({ element }) => [
      element.name,
      element.type,
      element.converted_type,
    ]);
    expect(types).toEqual([
      ["event_id", "BYTE_ARRAY", "UTF8"],
      ["event_time", "INT64", "TIMESTAMP_MICROS"],
      ["event_type", "BYTE_ARRAY", "UTF8"],
      ["product_id", "INT64", undefined],
      ["category_id", "INT64", undefined],
      ["category_code", "BYTE_ARRAY", "UTF8"],
      ["brand", "BYTE_ARRAY", "UTF8"],
      ["price", "INT64", "DECIMAL"],
      ["user_id", "INT64", undefined],
      ["user_session", "BYTE_ARRAY", "UTF8"],
    ]);
    const price = schema.children.find(({ element }) => element.name === "price")?.element;
    expect(price).toMatchObject({ precision: 18, scale: 2 });
  });

  it("is the same for the file compressed", async () => {
    await load(csv(early, late, broken));
    const compressed = new MemoryStore();
    await load(gzipSync(csv(early, late, broken)), compressed);
    expect(compressed.buckets).toEqual(store.buckets);
  });

  it("has the same objects for testing, whatever the order of hours in the file", async () => {
    await load(csv(early, early, late, late, latest));
    const shuffled = new MemoryStore();
    await load(csv(latest, late, early, late, early), shuffled);
    expect(shuffled.buckets).toEqual(store.buckets);
  });

  it("takes a file without rows", async () => {
    expect(await load(header)).toEqual(emptyTally());
    expect(store.written).toEqual([]);
  });
});

describe("a line that cannot be stored", () => {
  it.each([
    ["has no session", early.replace("s-1", ""), "user_session is missing"],
    ["has no user", early.replace("541", ""), "user_id is missing"],
    ["has no product", early.replace(",44,", ",,"), "product_id is missing"],
    [
      "has a product with letters",
      early.replace(",44,", ",4x,"),
      "product_id is not a whole number",
    ],
    [
      "has a user beyond 64 bits",
      early.replace("541", "9223372036854775808"),
      "user_id is not a whole number",
    ],
    [
      "has a category with letters",
      early.replace("2053013552326770905", "c"),
      "category_id is not a whole number",
    ],
    [
      "has a negative price",
      early.replace("35.79", "-1"),
      "price is not a decimal of at least 0 with at most two places",
    ],
    [
      "has a time that never was",
      early.replace("10-01", "02-30"),
      "event_time is not a time such as 2019-10-01 00:00:00 UTC",
    ],
    [
      "has an unknown type",
      early.replace("view", "teleport"),
      "event_type is not one of view, cart, remove_from_cart, purchase",
    ],
    [
      "has several faults",
      early.replace("541,s-1", ","),
      "user_id is missing; user_session is missing",
    ],
    [
      "is a purchase with two faults",
      late.replace("33.2,542", ","),
      "user_id is missing; price is not a decimal of at least 0 with at most two places",
    ],
    ["has a stray quote", `${early}"`, "the line is not CSV, or has too many fields"],
    ["has a field too many", `${early},more`, "the line is not CSV, or has too many fields"],
  ])("because it %s is kept apart, with its number and the reason", async (_, line, reason) => {
    const tally = await load(`${header}\n\n${late}\n${line}\n`);
    expect(tally).toMatchObject({
      rows: 2,
      stored: 1,
      rejected: 1,
      rejects: [{ line: 4, reason }],
    });
    const [key = "", ...others] = store.keys("storage", "rejected/");
    expect(key).toMatch(/^rejected\/the_day\.csv\/line-000000000004-[0-9a-f]{12}\.jsonl$/);
    expect(others).toEqual([]);
    expect(JSON.parse(store.read("storage", key).toString())).toEqual({
      file: "the day.csv",
      line: 4,
      reason,
      raw: line,
    });
  });

  it("is one of thousands: all are kept, ten are told", async () => {
    const lines = Array.from({ length: 2_500 }, (_, index) => `what ${index}`);
    const tally = await load(csv(...lines));
    expect(tally).toMatchObject({ rows: 2_500, stored: 0, rejected: 2_500 });
    expect(tally.rejects.map(({ line }) => line)).toEqual([2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
    const kept = store
      .keys("storage", "rejected/")
      .map((key) => store.read("storage", key).toString().trimEnd().split("\n"));
    expect(kept.map(({ length }) => length)).toEqual([1_000, 1_000, 500]);
    expect(kept.flat().map((text) => (JSON.parse(text) as { raw: string }).raw)).toEqual(lines);
  });
});

describe("a file that is loaded again", () => {
  const lines = Array.from({ length: 200 }, (_, index) =>
    early.replace("00:59:59", `0${index % 4}:00:${String(index % 60).padStart(2, "0")}`),
  );

  it("adds nothing", async () => {
    await load(csv(...lines, broken));
    const before = store.written.length;
    expect(await load(csv(...lines, broken))).toMatchObject({
      rows: 201,
      training: { objects: 4, added: 0, alreadyThere: 4 },
      testing: { objects: 200, added: 0, alreadyThere: 200 },
    });
    expect(store.written.length).toBe(before);
  });

  it("goes on where it was cut off, and writes nothing twice", async () => {
    store.beforeWrite = () => {
      if (store.written.length === 70) throw new Error("the store is gone");
    };
    await expect(load(csv(...lines))).rejects.toThrow("the store is gone");
    expect(store.written).toHaveLength(70);

    store.beforeWrite = () => undefined;
    const tally = await load(csv(...lines));
    expect(tally.testing.alreadyThere + tally.training.alreadyThere).toBe(70);
    expect(new Set(store.written).size).toBe(store.written.length);
    const whole = new MemoryStore();
    await load(csv(...lines), whole);
    expect(store.buckets).toEqual(whole.buckets);
  });

  it("stops at the signal, and leaves no temporary files", async () => {
    const stop = new AbortController();
    store.beforeWrite = () => {
      if (store.written.length === 50) stop.abort(new Error("enough"));
    };
    await writeFile(path, csv(...lines));
    const loading = loadFile(await inspectBehaviourCsv(path), store, { signal: stop.signal });
    await expect(loading).rejects.toThrow("enough");
    expect(store.written.length).toBeLessThan(100);
    expect(await readdir(folder)).toEqual(["the day.csv"]);
  });
});

const realDay = resolve(import.meta.dirname, "../../../../../shared/data/rees46-2019-10-01.csv");

describe.runIf(existsSync(realDay))("the real day", () => {
  it("has 17,434 rows and one line that is rejected", async () => {
    const tally = await loadFile(await inspectBehaviourCsv(realDay), store);
    expect(tally).toMatchObject({
      stored: 17_434,
      rejected: 1,
      testing: { added: 17_434 },
      rejects: [{ line: 17_436, reason: "user_session is missing" }],
    });
    const rows = await Promise.all(store.keys("storage", "training_data/").map(parquetRows));
    expect(rows.flat()).toHaveLength(17_434);
  });
});
