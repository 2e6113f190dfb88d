import type { Row } from "../../query/client/flight-client.ts";

/** Runs SQL and returns all rows of the answer. */
export type Query = (sql: string) => Promise<readonly Row[]>;

/** The column's text, or null where SQL has null. Decimals and times come as texts. */
export function textOrNull(row: Row, column: string): string | null {
  const value = row[column] ?? null;
  if (value === null || typeof value === "string") return value;
  throw new TypeError(`Column ${column} is no text`);
}

export function text(row: Row, column: string): string {
  return textOrNull(row, column) ?? "";
}

/** The column's number, or null where SQL has null. Counts beyond 2^53 would lose their last digits. */
export function numberOrNull(row: Row, column: string): number | null {
  const value = row[column] ?? null;
  return value === null ? null : Number(value);
}

export function number(row: Row, column: string): number {
  return numberOrNull(row, column) ?? 0;
}
