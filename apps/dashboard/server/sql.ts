import type { Period } from "../range.ts";

/** SQL that DuckDB and Dremio both understand. */

/** A literal of a time, in ms since 1970. */
export function timestamp(time: number): string {
  return `TIMESTAMP '${new Date(time).toISOString().slice(0, -1).replace("T", " ")}'`;
}

/** The condition that a column lies in a period: literals, by which the engine skips files. */
export function within(column: string, { from, to }: Period): string {
  return `${column} >= ${timestamp(from)} AND ${column} < ${timestamp(to)}`;
}
