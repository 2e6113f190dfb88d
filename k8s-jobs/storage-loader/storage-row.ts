import type { Fields } from "../../apps/producer/behaviour-records.ts";
import { parseTime } from "../../apps/producer/event-time.ts";
import { formatCents, parseCents } from "../../apps/producer/money.ts";
import { folderOf } from "../replay/flow.ts";

/** A good row of a behaviour CSV, in the types in which it is stored. */
export interface StorageRow {
  /** The id of the event that a replay makes of the same row. */
  readonly event_id: string;
  /** In ms since 1970. */
  readonly event_time: number;
  readonly event_type: string;
  readonly product_id: bigint;
  readonly category_id: bigint | null;
  readonly category_code: string | null;
  readonly brand: string | null;
  /** In cents. */
  readonly price: bigint;
  readonly user_id: bigint;
  readonly user_session: string;
}

/**
 * The row that fields stand for.
 *
 * @throws Error if the fields were not found to be good before.
 */
export function toStorageRow(fields: Fields, eventId: string): StorageRow {
  const time = parseTime(fields.event_time);
  const price = parseCents(fields.price);
  if (time === undefined || price === undefined) throw new Error("This row was not checked");
  return {
    event_id: eventId,
    event_time: time.milliseconds,
    event_type: fields.event_type,
    product_id: BigInt(fields.product_id),
    category_id: fields.category_id.trim() === "" ? null : BigInt(fields.category_id),
    category_code: fields.category_code || null,
    brand: fields.brand || null,
    price,
    user_id: BigInt(fields.user_id),
    user_session: fields.user_session,
  };
}

/** Whether a text is a whole number of 64 bits, as ids are. */
export function isWholeNumber(text: string): boolean {
  if (!/^-?\d{1,19}$/.test(text)) return false;
  const number = BigInt(text);
  return BigInt.asIntN(64, number) === number;
}

// TypeScript does not know it yet: https://github.com/tc39/proposal-json-parse-with-source
const { rawJSON } = JSON as unknown as { rawJSON: (text: string) => unknown };

/** The object of a row for testing. Ids are whole numbers, too large for JavaScript's own. */
export function toJson(row: StorageRow): string {
  const values = {
    ...row,
    event_time: new Date(row.event_time).toISOString(),
    price: formatCents(row.price),
  };
  return JSON.stringify(values, (_, value: unknown) =>
    typeof value === "bigint" ? rawJSON(value.toString()) : value,
  );
}

/** The key of a row for testing: `testing_data/20191001T000000Z-<event_id>.json`. */
export function testingKey({ event_time: time, event_id: id }: StorageRow): string {
  const second = `${new Date(time).toISOString().slice(0, 19).replace(/[-:]/g, "")}Z`;
  return `${folderOf("testing")}${second}-${id}.json`;
}

const hour = 3_600_000;

/** The UTC hour of a time in ms since 1970, in ms since 1970. */
export function hourOf(time: number): number {
  return Math.floor(time / hour) * hour;
}

/** When an hour is over, in ms since 1970. */
export function endOf(start: number): number {
  return start + hour;
}

/** What the keys of an hour's objects begin with, for each flow. */
export function prefixesOf(start: number): { readonly training: string; readonly testing: string } {
  const text = new Date(start).toISOString().slice(0, 13);
  return {
    training: `${folderOf("training")}${text}-`,
    testing: `${folderOf("testing")}${text.replaceAll("-", "")}`,
  };
}
