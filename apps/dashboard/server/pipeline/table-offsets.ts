import type { Lag } from "../../api.ts";
import { number, type Query, text } from "../rows.ts";
import type { TopicOffsets } from "./kafka.ts";

/** Topics whose messages become rows of the table of the same name, or dead letters. */
export const streamedTopics = ["orders", "clicks", "errors"] as const;

/** By partition: the offset after the last message that a table has. */
type NextOffsets = ReadonlyMap<number, number>;

/** What the tables tell of how far the streaming job has come. */
export interface TableProgress {
  readonly next: ReadonlyMap<string, NextOffsets>;
  /** Number of dead letters by topic. */
  readonly deadLetters: ReadonlyMap<string, number>;
}

/**
 * Finds how far the tables are. Offsets only grow, and files tell which ones they hold: once the
 * newest are known, only files with newer ones are read.
 */
export class TableOffsets {
  readonly #query: Query;
  readonly #known = new Map<string, NextOffsets>();

  constructor(query: Query) {
    this.#query = query;
  }

  async read(): Promise<TableProgress> {
    const [letters] = await Promise.all([
      this.#query(
        `SELECT topic, "partition", MAX("offset") AS newest, COUNT(*) AS letter_count
         FROM ecommerce_db.dead_letters GROUP BY topic, "partition"`,
      ),
      ...streamedTopics.map((topic) => this.#readTable(topic)),
    ]);
    const next = new Map(this.#known);
    const deadLetters = new Map<string, number>();
    for (const row of letters) {
      const topic = text(row, "topic");
      const newest = new Map([[number(row, "partition"), number(row, "newest") + 1]]);
      next.set(topic, later(next.get(topic), newest));
      deadLetters.set(topic, (deadLetters.get(topic) ?? 0) + number(row, "letter_count"));
    }
    return { next, deadLetters };
  }

  async #readTable(topic: string): Promise<void> {
    const known = this.#known.get(topic);
    const condition =
      known === undefined || known.size === 0
        ? ""
        : `WHERE "offset" >= ${Math.min(...known.values()) - 1}`;
    const rows = await this.#query(
      `SELECT "partition", MAX("offset") AS newest
       FROM ecommerce_db.${topic} ${condition} GROUP BY "partition"`,
    );
    const found = rows.map((row) => [number(row, "partition"), number(row, "newest") + 1] as const);
    this.#known.set(topic, later(known, new Map(found)));
  }
}

/** Kafka's end of each partition minus that of the tables; null for topics that have no table. */
export function lagOf({ name, partitions }: TopicOffsets, { next }: TableProgress): Lag | null {
  if (!streamedTopics.some((topic) => topic === name)) return null;
  const lags = partitions.map(({ partition, low, high }) =>
    // Kafka was asked a moment earlier than the tables.
    Math.max(0, high - Math.max(low, next.get(name)?.get(partition) ?? 0)),
  );
  return { messages: lags.reduce((total, lag) => total + lag, 0), partitions: lags };
}

function later(one: NextOffsets = new Map(), other: NextOffsets): NextOffsets {
  const result = new Map(one);
  for (const [partition, next] of other) {
    result.set(partition, Math.max(next, result.get(partition) ?? 0));
  }
  return result;
}
