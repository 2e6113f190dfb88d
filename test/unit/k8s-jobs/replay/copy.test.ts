import { describe, expect, it } from "vitest";

import { copiesAtATime, copyFlow, missingKeys } from "../../../../k8s-jobs/replay/copy.ts";
import { MemoryStore } from "../../../support/memory-store.ts";

/** A store with these keys in `storage`. */
async function storeWith(...keys: string[]): Promise<MemoryStore> {
  const store = new MemoryStore();
  for (const key of keys) await store.put("storage", key, `content of ${key}`);
  store.written.length = 0;
  return store;
}

const numbered = (count: number): string[] =>
  Array.from(
    { length: count },
    (_, index) => `testing_data/${String(index).padStart(4, "0")}.json`,
  );

describe("the copier", () => {
  it("copies the objects of its flow, and no others", async () => {
    const store = await storeWith(
      "rejected/a.jsonl",
      "testing_data/a.json",
      "training_data/2019-10-01T00-abc.parquet",
    );
    expect(await copyFlow("training", store, { pace: "max" })).toEqual({
      copied: 1,
      alreadyThere: 0,
    });
    expect(store.keys("bronze")).toEqual(["training_data/2019-10-01T00-abc.parquet"]);
    expect(store.read("bronze", "training_data/2019-10-01T00-abc.parquet").toString()).toBe(
      "content of training_data/2019-10-01T00-abc.parquet",
    );
  });

  it("copies nothing the second time", async () => {
    const store = await storeWith(...numbered(20));
    await copyFlow("testing", store, { pace: "max" });
    expect(await copyFlow("testing", store, { pace: "max" })).toEqual({
      copied: 0,
      alreadyThere: 20,
    });
    expect(store.written).toHaveLength(20);
  });

  it("copies what came since, wherever it lies among the others", async () => {
    const keys = numbered(30);
    const store = await storeWith(...keys.filter((_, index) => index % 3 !== 0));
    await copyFlow("testing", store, { pace: "max" });
    for (const key of keys) await store.put("storage", key, "new");
    store.written.length = 0;
    expect(await copyFlow("testing", store, { pace: "max" })).toEqual({
      copied: 10,
      alreadyThere: 20,
    });
    expect(store.keys("bronze")).toEqual(keys);
  });

  it("keeps to the order of keys but for those that are copied at the same time", async () => {
    const keys = numbered(300);
    const store = await storeWith(...keys);
    let waits = 0;
    // Some are slower than their neighbours.
    store.beforeWrite = async () => {
      for (let turn = 0; turn < (waits++ * 7) % 5; turn += 1) await Promise.resolve();
    };
    await copyFlow("testing", store, { pace: "max" });
    expect(store.written.toSorted()).toEqual(keys);
    for (const [index, key] of store.written.entries()) {
      expect(Math.abs(keys.indexOf(key) - index)).toBeLessThan(copiesAtATime * 2);
    }
  });

  it("keeps to its pace", async () => {
    const store = await storeWith(...numbered(30));
    const begin = performance.now();
    await copyFlow("testing", store, { pace: 100 });
    const milliseconds = performance.now() - begin;
    expect(milliseconds).toBeGreaterThanOrEqual(285);
  });

  it("stops at the signal, and the next run copies the rest", async () => {
    const store = await storeWith(...numbered(100));
    const stop = new AbortController();
    store.beforeWrite = () => {
      if (store.written.length === 40) stop.abort();
    };
    const { copied } = await copyFlow("testing", store, { pace: "max", signal: stop.signal });
    expect(copied).toBeLessThanOrEqual(40 + copiesAtATime);
    expect(store.keys("bronze")).toHaveLength(copied);
    expect(await copyFlow("testing", store, { pace: "max" })).toEqual({
      copied: 100 - copied,
      alreadyThere: copied,
    });
  });

  it("fails with the store, once what was begun has ended", async () => {
    const store = await storeWith(...numbered(100));
    let underWay = 0;
    store.beforeWrite = async (key) => {
      underWay += 1;
      await new Promise((resume) => setTimeout(resume, 5));
      underWay -= 1;
      if (key.includes("0020")) throw new Error("the store is gone");
    };
    await expect(copyFlow("testing", store, { pace: "max" })).rejects.toThrow("the store is gone");
    expect(underWay).toBe(0);
    expect(store.written.length).toBeLessThan(20 + 2 * copiesAtATime);
  });
});

describe("missingKeys", () => {
  // eslint-disable-next-line @typescript-eslint/require-await
  async function* listing(...keys: string[]): AsyncGenerator<string> {
    yield* keys;
  }

  it.each([
    { wanted: [], existing: ["a"], missing: [] },
    { wanted: ["a", "b"], existing: [], missing: ["a", "b"] },
    { wanted: ["a", "c", "e"], existing: ["b", "c", "d"], missing: ["a", "e"] },
    { wanted: ["b"], existing: ["a", "b", "c"], missing: [] },
    // In UTF-16 the second would come first.
    { wanted: ["\uFFFD", "\u{1F600}"], existing: ["\uFFFD", "\u{1F600}"], missing: [] },
    { wanted: ["\uFFFD", "\u{1F600}"], existing: ["\u{1F600}"], missing: ["\uFFFD"] },
  ])("of $wanted and $existing are $missing", async ({ wanted, existing, missing }) => {
    let found = 0;
    const keys: string[] = [];
    const missingOnes = missingKeys(listing(...wanted), listing(...existing), () => (found += 1));
    for await (const key of missingOnes) keys.push(key);
    expect(keys).toEqual(missing);
    expect(found).toBe(wanted.length - missing.length);
  });
});
