import { appendFile, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { columns, type Fields } from "../../apps/producer/behaviour-records.ts";
import { readLines } from "../../apps/producer/text-lines.ts";
import { endOf, hourOf } from "./storage-row.ts";

/** Characters that are held in memory until they are written. */
const mostBuffered = 8 * 1024 * 1024;

/**
 * Sorts rows by their hour, in temporary files: a file of any size and in any order needs little
 * memory, and a sorted one little disk, because its hours are over one after the other.
 */
export class HourSpool {
  readonly folder: string;
  readonly #disorder: number;
  readonly #pending = new Map<number, string>();
  readonly #written = new Set<number>();
  #buffered = 0;
  #latest = -Infinity;

  private constructor(folder: string, disorder: number) {
    this.folder = folder;
    this.#disorder = disorder;
  }

  /** @param disorder by how many ms a row's time is behind an earlier row's at most. */
  static async create(disorder: number): Promise<HourSpool> {
    return new HourSpool(await mkdtemp(join(tmpdir(), "lakehouse-load-")), disorder);
  }

  /** @param time of the row, in ms since 1970. */
  async add(time: number, fields: Fields): Promise<void> {
    const hour = hourOf(time);
    const line = `${JSON.stringify(columns.map((column) => fields[column]))}\n`;
    this.#pending.set(hour, (this.#pending.get(hour) ?? "") + line);
    this.#latest = Math.max(this.#latest, time);
    this.#buffered += line.length;
    if (this.#buffered > mostBuffered) await this.#flush();
  }

  /** The hours, the earliest first, of which no row can come any more. */
  completeHours(): number[] {
    return this.hours().filter((hour) => endOf(hour) <= this.#latest - this.#disorder);
  }

  /** All hours of which there are rows, the earliest first. */
  hours(): number[] {
    const hours = new Set([...this.#written, ...this.#pending.keys()]);
    return [...hours].sort((one, other) => one - other);
  }

  /** The rows of an hour in the order in which they came; they are forgotten then. */
  async *take(hour: number): AsyncGenerator<Fields> {
    await this.#flush();
    const path = this.#path(hour);
    // Written by ourselves: what is too long for a line of the CSV was refused there.
    for await (const lines of readLines(path, undefined, Infinity)) {
      for (const line of lines) {
        if (line !== "") yield toFields(JSON.parse(line) as readonly string[]);
      }
    }
    this.#written.delete(hour);
    await rm(path);
  }

  /** Removes whatever is left. */
  async remove(): Promise<void> {
    await rm(this.folder, { recursive: true, force: true });
  }

  async #flush(): Promise<void> {
    for (const [hour, lines] of this.#pending) {
      await appendFile(this.#path(hour), lines);
      this.#written.add(hour);
    }
    this.#pending.clear();
    this.#buffered = 0;
  }

  #path(hour: number): string {
    return join(this.folder, `${hour}.jsonl`);
  }
}

function toFields(values: readonly string[]): Fields {
  return Object.fromEntries(
    columns.map((column, index) => [column, values[index] ?? ""]),
  ) as Fields;
}
