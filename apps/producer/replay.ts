import { setTimeout as sleep } from "node:timers/promises";

import { UserError } from "../../cli/errors.ts";
import { type BehaviourCsv, type BehaviourRow, readBehaviourCsv } from "./behaviour-csv.ts";
import type { Sender } from "./sender.ts";
import type { ReadPosition } from "./text-lines.ts";

/** Rows that are looked up at a time: few queries, each with an answer of some megabytes. */
const chunkSize = 20_000;

/** How many times faster than it happened a file is replayed; `max` as fast as Kafka takes it. */
export type Speed = number | "max";

/** @throws UserError if the text is neither `max` nor a number above 0. */
export function parseSpeed(text: string): Speed {
  if (text === "max") return "max";
  const speed = /^\d+(\.\d+)?$/.test(text) ? Number(text) : 0;
  if (speed > 0 && Number.isFinite(speed)) return speed;
  throw new UserError(`The speed "${text}" is neither a number above 0 nor "max"`, {
    cure: "For example --speed 60 plays an hour in a minute; --speed max does not wait at all.",
  });
}

export interface ReplayOptions {
  /** Stops sending; what was sent until then is acknowledged all the same. */
  readonly signal?: AbortSignal;
  /** Where the reading tells how far it is. */
  readonly position?: ReadPosition;
  /** Chooses, some thousand rows at a time, which of them have to be sent. @default all */
  readonly choose?: (rows: readonly BehaviourRow[]) => Promise<readonly BehaviourRow[]>;
}

/** Sends the rows of an inspected file, in its order, and waits until all are acknowledged. */
export async function replayFile(
  file: BehaviourCsv,
  sender: Sender,
  speed: Speed,
  { signal, position, choose }: ReplayOptions = {},
): Promise<void> {
  const startedAt = Date.now();
  const dueAt = (row: BehaviourRow): number =>
    speed === "max" || row.time === undefined
      ? 0
      : startedAt + (row.time - (file.firstTime ?? row.time)) / speed;

  for await (const chunk of inChunks(readBehaviourCsv(file, position))) {
    const rows = choose === undefined ? chunk : await choose(chunk);
    let sent = 0;
    while (sent < rows.length && !signal?.aborted) {
      const now = Date.now();
      const later = rows.findIndex((row, index) => index >= sent && dueAt(row) > now);
      const end = later === -1 ? rows.length : later;
      await sender.send(rows.slice(sent, end).map(({ message }) => message));
      sent = end;
      const next = rows[sent];
      if (next !== undefined) {
        await sleep(Math.max(dueAt(next) - now, 1), undefined, { signal }).catch(() => undefined);
      }
    }
    if (signal?.aborted) break;
  }
  await sender.flush();
}

/** The same rows in lists of at least 20,000 but for the last. */
export async function* inChunks(
  lists: AsyncIterable<readonly BehaviourRow[]>,
): AsyncGenerator<readonly BehaviourRow[]> {
  let chunk: BehaviourRow[] = [];
  for await (const rows of lists) {
    chunk = chunk.concat(rows);
    if (chunk.length < chunkSize) continue;
    yield chunk;
    chunk = [];
  }
  yield chunk;
}
