import { hash } from "node:crypto";
import { basename } from "node:path";

import { breachesOf } from "../../apps/producer/behaviour-csv.ts";
import type { BehaviourRecord, Fields } from "../../apps/producer/behaviour-records.ts";
import { parseTime } from "../../apps/producer/event-time.ts";
import { clickActions } from "../../apps/producer/events.ts";
import { buckets } from "../replay/flow.ts";
import type { ObjectStore } from "../replay/object-store.ts";
import { isWholeNumber } from "./storage-row.ts";
import type { LoadTally } from "./tally.ts";

/** A line that is kept apart. */
export interface RejectedRow {
  /** Line number in the file. */
  readonly line: number;
  readonly reason: string;
}

/** What is wrong where an event lacks a field or has a wrong one, by its name in the event. */
const sentences: Readonly<Record<string, string>> = {
  event_time: "event_time is not a time such as 2019-10-01 00:00:00 UTC",
  action: `event_type is not one of ${[...clickActions, "purchase"].join(", ")}`,
  product_id: "product_id is missing",
  price: "price is not a decimal of at least 0 with at most two places",
  user_id: "user_id is missing",
  session_id: "user_session is missing",
};

/** Columns that hold whole numbers, if they hold anything. */
const wholeNumbers = ["product_id", "category_id", "user_id"] as const;

/** A line that can be stored, or the reasons why not in one text. */
export type Judgement =
  | { readonly fields: Fields; /** In ms since 1970. */ readonly time: number }
  | { readonly reason: string };

/**
 * Tells whether a line can be stored: neither one of which a replay makes a dead letter, nor one with
 * an id that is no whole number, for which the columns have no room.
 */
export function judge(record: BehaviourRecord): Judgement {
  const { fields } = record;
  if (fields === undefined) return { reason: "the line is not CSV, or has too many fields" };
  const reasons = [
    ...breachesOf(record).flatMap((name) => sentences[name] ?? []),
    ...wholeNumbers
      .filter((column) => fields[column].trim() !== "" && !isWholeNumber(fields[column]))
      .map((column) => `${column} is not a whole number`),
  ];
  const time = parseTime(fields.event_time)?.milliseconds;
  if (time === undefined || reasons.length > 0) return { reason: reasons.join("; ") };
  return { fields, time };
}

/** Rejected lines in one object. */
const linesAtATime = 1_000;
/** Characters of raw lines in one object, about. */
const mostBuffered = 4 * 1024 * 1024;
/** Rejected lines that a tally tells one by one. */
const mostTold = 10;

/** Keeps rejected lines, up to a thousand in an object, under `rejected/<file>/`. */
export class RejectedRows {
  readonly #store: ObjectStore;
  readonly #file: string;
  readonly #tally: LoadTally;
  #buffer = "";
  #lines: RejectedRow[] = [];

  /**
   * @param path of the CSV.
   * @param tally is counted in.
   */
  constructor(store: ObjectStore, path: string, tally: LoadTally) {
    this.#store = store;
    this.#file = basename(path);
    this.#tally = tally;
  }

  async add({ lineNumber, line: raw }: BehaviourRecord, reason: string): Promise<void> {
    const row = { line: lineNumber, reason };
    this.#tally.rows += 1;
    this.#tally.rejected += 1;
    if (this.#tally.rejects.length < mostTold) this.#tally.rejects.push(row);
    this.#lines.push(row);
    this.#buffer += `${JSON.stringify({ file: this.#file, ...row, raw })}\n`;
    if (this.#lines.length === linesAtATime || this.#buffer.length > mostBuffered) {
      await this.flush();
    }
  }

  /** Writes what is left. */
  async flush(): Promise<void> {
    const [first] = this.#lines;
    if (first === undefined) return;
    const content = this.#buffer;
    this.#buffer = "";
    this.#lines = [];
    // A file may have any name, a key not.
    const folder = this.#file.replace(/[^\w.-]/g, "_").slice(-100);
    const line = String(first.line).padStart(12, "0");
    const key = `rejected/${folder}/line-${line}-${hash("sha256", content).slice(0, 12)}.jsonl`;
    const known = await this.#store.list(buckets.storage, key).next();
    if (known.done === true) await this.#store.put(buckets.storage, key, content);
  }
}
