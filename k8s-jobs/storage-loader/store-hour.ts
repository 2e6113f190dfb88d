import { createHash, type Hash } from "node:crypto";
import { rm } from "node:fs/promises";
import { join } from "node:path";

import { identify } from "../../apps/producer/behaviour-csv.ts";
import { Occurrences } from "../../apps/producer/occurrences.ts";
import { buckets } from "../replay/flow.ts";
import { inParallel } from "../replay/in-parallel.ts";
import type { ObjectStore } from "../replay/object-store.ts";
import type { HourSpool } from "./hour-spool.ts";
import { ParquetFile } from "./parquet.ts";
import { prefixesOf, type StorageRow, testingKey, toJson, toStorageRow } from "./storage-row.ts";
import type { LoadTally, ObjectTally } from "./tally.ts";

/** Objects that are written at a time. */
export const putsAtATime = 24;

export interface StoreHourOptions {
  /** By how many ms a row's time is behind an earlier row's at most. */
  readonly disorder: number;
  readonly store: ObjectStore;
  /** Counted in while it goes on. */
  readonly tally: LoadTally;
  readonly signal: AbortSignal | undefined;
}

/** Writes the rows of an hour: each as an object for testing, and all as one file for training. */
export async function storeHour(
  hour: number,
  spool: HourSpool,
  options: StoreHourOptions,
): Promise<void> {
  const { store, tally } = options;
  const prefixes = prefixesOf(hour);
  const known = await keys(store, prefixes.testing);
  const digest = createHash("sha256");
  const parquet = new ParquetFile(join(spool.folder, `${hour}.parquet`));
  await inParallel(rowsOf(hour, spool, parquet, digest, options), putsAtATime, async (row) => {
    const key = testingKey(row);
    const isThere = known.has(key);
    if (!isThere) await store.put(buckets.storage, key, toJson(row));
    count(tally.testing, isThere);
    tally.stored += 1;
    tally.rows += 1;
  });
  await parquet.finish();
  const key = `${prefixes.training}${digest.digest("hex").slice(0, 12)}.parquet`;
  const isThere = (await keys(store, key)).has(key);
  if (!isThere) await store.putFile(buckets.storage, key, parquet.path);
  count(tally.training, isThere);
  await rm(parquet.path);
}

/** The rows of an hour, which are written into the Parquet file on the way. */
async function* rowsOf(
  hour: number,
  spool: HourSpool,
  parquet: ParquetFile,
  digest: Hash,
  { disorder, signal }: StoreHourOptions,
): AsyncGenerator<StorageRow> {
  const occurrences = new Occurrences(disorder);
  for await (const fields of spool.take(hour)) {
    signal?.throwIfAborted();
    const { eventId } = identify({ line: "", fields }, occurrences);
    const row = toStorageRow(fields, eventId);
    digest.update(eventId);
    await parquet.add(row);
    yield row;
  }
}

async function keys(store: ObjectStore, prefix: string): Promise<ReadonlySet<string>> {
  const found = new Set<string>();
  for await (const key of store.list(buckets.storage, prefix)) found.add(key);
  return found;
}

function count(tally: ObjectTally, isThere: boolean): void {
  tally.objects += 1;
  if (isThere) tally.alreadyThere += 1;
  else tally.added += 1;
}
