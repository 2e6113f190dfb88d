import { buckets, type Flow, folderOf } from "./flow.ts";
import { inParallel } from "./in-parallel.ts";
import type { ObjectStore } from "./object-store.ts";
import { atPace, type Pace } from "./pace.ts";

/**
 * Copies under way at a time. They begin in the order of their keys, which is that of their events'
 * times; neighbours may end in another order, farther ones not.
 */
export const copiesAtATime = 16;

/** How far a flow is copied. */
export interface CopyTally {
  /** Objects that were copied. */
  copied: number;
  /** Objects that were in `bronze` before. */
  alreadyThere: number;
}

export interface CopyOptions {
  readonly pace: Pace;
  /** Stops copying; what was begun until then is ended. */
  readonly signal?: AbortSignal;
  /** Counted in while it goes on. */
  readonly tally?: CopyTally;
}

/**
 * Copies the objects of a flow that `bronze` lacks from `storage`, in the order of their keys. Only
 * listings go through this process, page by page, so its memory does not grow with their number.
 */
export async function copyFlow(
  flow: Flow,
  store: ObjectStore,
  { pace, signal, tally = { copied: 0, alreadyThere: 0 } }: CopyOptions,
): Promise<CopyTally> {
  const folder = folderOf(flow);
  const keys = missingKeys(
    store.list(buckets.storage, folder),
    store.list(buckets.bronze, folder),
    () => (tally.alreadyThere += 1),
  );
  await inParallel(atPace(keys, pace, signal), copiesAtATime, async (key) => {
    await store.copy(key, buckets.storage, buckets.bronze);
    tally.copied += 1;
  });
  return tally;
}

/**
 * The keys of one listing that another one lacks; both are in the order of UTF-8 bytes.
 *
 * @param found is told of each key that both have.
 */
export async function* missingKeys(
  wanted: AsyncIterable<string>,
  existing: AsyncGenerator<string>,
  found: () => void,
): AsyncGenerator<string> {
  let next = await existing.next();
  for await (const key of wanted) {
    while (next.done !== true && compareBytes(next.value, key) < 0) next = await existing.next();
    if (next.done !== true && next.value === key) found();
    else yield key;
  }
}

/** The order in which object stores list; that of JavaScript differs beyond U+FFFF. */
function compareBytes(one: string, other: string): number {
  return one === other ? 0 : Buffer.compare(Buffer.from(one), Buffer.from(other));
}
