import type { RejectedRow } from "./rejected-rows.ts";

/** What came of the objects of one kind: objects = added + alreadyThere. */
export interface ObjectTally {
  objects: number;
  /** Objects that were not there before. */
  added: number;
  alreadyThere: number;
}

/** What became of a file, as far as it has been dealt with: rows = stored + rejected. */
export interface LoadTally {
  rows: number;
  stored: number;
  rejected: number;
  /** Parquet files, one an hour. */
  readonly training: ObjectTally;
  /** JSON objects, one a row. */
  readonly testing: ObjectTally;
  /** The first ten rejected lines. */
  readonly rejects: RejectedRow[];
}

/** Of a file that nothing has been done with. */
export function emptyTally(): LoadTally {
  const none = (): ObjectTally => ({ objects: 0, added: 0, alreadyThere: 0 });
  return { rows: 0, stored: 0, rejected: 0, training: none(), testing: none(), rejects: [] };
}
