import type { Messages } from "../../api.ts";

/** Longer texts are cut: the page is for looking, not for copying data. */
const longest = 4_000;

/** A message as Kafka gives it. */
export interface Message {
  readonly partition: number;
  readonly offset: string;
  /** ms since 1970. */
  readonly timestamp: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
}

/** Sorted by time, and by offset where times are equal. */
export function newestFirst(messages: readonly Message[]): Message[] {
  return messages.toSorted(
    (one, other) => other.timestamp - one.timestamp || Number(other.offset) - Number(one.offset),
  );
}

/** The messages as a person can read them. */
export function readable(messages: readonly Message[]): Messages["messages"] {
  return messages.map(({ partition, offset, timestamp, key, value }) => ({
    partition,
    offset,
    time: new Date(timestamp).toISOString(),
    key: key?.toString() ?? null,
    value: value === null ? "(no value)" : readableValue(value),
  }));
}

function readableValue(value: Buffer): string {
  const text = value.toString();
  let shown = text;
  try {
    shown = JSON.stringify(JSON.parse(text), undefined, 2);
  } catch {
    // Not JSON, as a dead letter may be: it is shown as it is.
  }
  return shown.length > longest ? `${shown.slice(0, longest)}…` : shown;
}
