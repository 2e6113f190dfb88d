import type { BehaviourCsv } from "../../apps/producer/behaviour-csv.ts";
import { readRecords } from "../../apps/producer/behaviour-records.ts";
import type { ObjectStore } from "../replay/object-store.ts";
import { HourSpool } from "./hour-spool.ts";
import { judge, RejectedRows } from "./rejected-rows.ts";
import { storeHour } from "./store-hour.ts";
import { emptyTally, type LoadTally } from "./tally.ts";

export interface LoadOptions {
  /** Stops loading; whoever loads the file again goes on from there. */
  readonly signal?: AbortSignal;
  /** Counted in while it goes on. */
  readonly tally?: LoadTally;
}

/**
 * Writes the rows of an inspected file into the bucket `storage`: for training one Parquet file an
 * hour, for testing one JSON object a row, and lines that break the contract under `rejected/`. Keys
 * follow from the rows, and what is there already is not written again: a load that was cut off can
 * be made again, and the same file twice adds nothing.
 *
 * @throws the signal's reason if it is aborted.
 */
export async function loadFile(
  file: BehaviourCsv,
  store: ObjectStore,
  { signal, tally = emptyTally() }: LoadOptions = {},
): Promise<LoadTally> {
  const spool = await HourSpool.create(file.disorder);
  const rejected = new RejectedRows(store, file.path, tally);
  const storeHours = async (hours: readonly number[]): Promise<void> => {
    for (const hour of hours) {
      await storeHour(hour, spool, { disorder: file.disorder, store, tally, signal });
    }
  };
  try {
    for await (const records of readRecords(file.path)) {
      signal?.throwIfAborted();
      for (const record of records) {
        const judgement = judge(record);
        if ("reason" in judgement) await rejected.add(record, judgement.reason);
        else await spool.add(judgement.time, judgement.fields);
      }
      await storeHours(spool.completeHours());
    }
    await storeHours(spool.hours());
    await rejected.flush();
  } finally {
    await spool.remove();
  }
  return tally;
}
