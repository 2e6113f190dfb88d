import { hash } from "node:crypto";

import { parse } from "csv-parse/sync";

import { UserError } from "../../cli/errors.ts";
import { brokenFields, type Message } from "./events.ts";
import { formatCents, parseCents } from "./money.ts";
import { Occurrences } from "./occurrences.ts";
import { readLines, regularFileSize, type ReadPosition } from "./text-lines.ts";

/** The columns of a behaviour CSV. Their order in the file does not matter. */
export const columns = [
  "event_time",
  "event_type",
  "product_id",
  "category_id",
  "category_code",
  "brand",
  "price",
  "user_id",
  "user_session",
] as const;
type Column = (typeof columns)[number];

/** What a first reading of a whole file tells; made by `inspectBehaviourCsv` alone. */
export interface BehaviourCsv {
  readonly path: string;
  /** Size of the file as it is on disk. */
  readonly bytes: number;
  /** Rows, good and broken ones, without the header. */
  readonly rows: number;
  /** Earliest and latest event time in ms since 1970; undefined if no row has one. */
  readonly firstTime: number | undefined;
  readonly lastTime: number | undefined;
  /** By how many ms an event time is behind an earlier row's at most; 0 if the file is sorted. */
  readonly disorder: number;
}

/** One line of the file as the event it stands for. */
export interface BehaviourRow {
  readonly message: Message;
  readonly eventId: string;
  /** How many equal rows come before it in the file. */
  readonly occurrence: number;
  /** Event time in ms since 1970; undefined if the row has none that can be read. */
  readonly time: number | undefined;
  /** The line verbatim if it breaks the contract, else undefined. */
  readonly broken: string | undefined;
}

/**
 * Reads a whole file once and sends nothing: whatever makes it impossible to replay shows here.
 *
 * @throws UserError if the file is missing, not a file, unreadable, empty or has a wrong header.
 */
export async function inspectBehaviourCsv(
  path: string,
  position?: ReadPosition,
): Promise<BehaviourCsv> {
  const bytes = await regularFileSize(path);
  let rows = 0;
  let firstTime: number | undefined;
  let lastTime: number | undefined;
  let disorder = 0;
  for await (const records of readRecords(path, position)) {
    rows += records.length;
    for (const { fields } of records) {
      const time = fields && parseTime(fields.event_time)?.milliseconds;
      if (time === undefined) continue;
      if (firstTime === undefined || time < firstTime) firstTime = time;
      if (lastTime === undefined || time > lastTime) lastTime = time;
      disorder = Math.max(disorder, lastTime - time);
    }
  }
  return { path, bytes, rows, firstTime, lastTime, disorder };
}

/**
 * Reads the rows of an inspected file in its order, in lists of whatever is at hand. No row is
 * dropped: one that breaks the contract becomes the message of what could be read of it.
 *
 * Event ids depend on the row's fields and on how many equal rows come before it, so that equal
 * rows are events of their own and reading the file again yields the same ids. A file that is
 * sorted by time needs next to no memory for that, a shuffled one about its own size.
 */
export async function* readBehaviourCsv(
  file: BehaviourCsv,
  position?: ReadPosition,
): AsyncGenerator<BehaviourRow[]> {
  const occurrences = new Occurrences(file.disorder);
  for await (const records of readRecords(file.path, position)) {
    yield records.map((record) => toRow(record, occurrences));
  }
}

type Fields = Readonly<Record<Column, string>>;

interface CsvRecord {
  readonly line: string;
  /** Undefined if the line is no CSV or has more fields than there are columns; missing ones are empty. */
  readonly fields: Fields | undefined;
}

/** One record a line: a stray quote then spoils its own line and not the rest of the file. */
async function* readRecords(path: string, position?: ReadPosition): AsyncGenerator<CsvRecord[]> {
  let order: readonly number[] | undefined;
  for await (const lines of readLines(path, position)) {
    let rows = lines;
    if (order === undefined) {
      const [header, ...others] = lines;
      if (header === undefined) continue;
      order = columnOrder(path, header);
      rows = others;
    }
    const positions = order;
    yield rows.map((line) => ({ line, fields: toFields(splitLine(line), positions) }));
  }
  if (order === undefined) {
    throw new UserError(`${path} is empty`, {
      cure: `The first line must be ${columns.join(",")}`,
    });
  }
}

/** Where each of our columns stands in the file. */
function columnOrder(path: string, header: string): number[] {
  const names = (splitLine(header) ?? []).map((name) => name.trim());
  const missing = columns.filter((column) => !names.includes(column));
  const unknown = names.filter((name) => !(columns as readonly string[]).includes(name));
  const doubled = columns.filter((column) => names.indexOf(column) !== names.lastIndexOf(column));
  const complaints = [
    ...(missing.length > 0 ? [`lacks ${missing.join(", ")}`] : []),
    ...(unknown.length > 0 ? [`has unknown ${unknown.map(shorten).join(", ")}`] : []),
    ...(doubled.length > 0 ? [`has ${doubled.join(", ")} more than once`] : []),
  ];
  if (complaints.length > 0) {
    throw new UserError(`The header of ${path} ${complaints.join("; ")}`, {
      cure: `The first line must name these columns: ${columns.join(",")}`,
    });
  }
  return columns.map((column) => names.indexOf(column));
}

function shorten(name: string): string {
  return JSON.stringify(name.length > 40 ? `${name.slice(0, 40)}…` : name);
}

function splitLine(line: string): string[] | undefined {
  if (!line.includes('"')) return line.split(",");
  try {
    return parse(line, { relax_column_count: true })[0];
  } catch {
    return undefined;
  }
}

function toFields(
  values: readonly string[] | undefined,
  order: readonly number[],
): Fields | undefined {
  // With a field too many, nobody can tell which of them is the one that does not belong there.
  if (values === undefined || values.length > columns.length) return undefined;
  const fields: Partial<Record<Column, string>> = {};
  columns.forEach((column, index) => {
    fields[column] = values[order[index] ?? index] ?? "";
  });
  return fields as Fields;
}

const unit = "\u001f";

function toRow({ line, fields }: CsvRecord, occurrences: Occurrences): BehaviourRow {
  const time = fields && parseTime(fields.event_time);
  const identity = fields ? columns.map((column) => fields[column]).join(unit) : line;
  const occurrence = occurrences.next(identity, time?.milliseconds);
  const eventId = hash("sha256", `${identity}${unit}${occurrence}`);

  const isPurchase = fields ? fields.event_type === "purchase" : false;
  const topic = isPurchase ? "orders" : "clicks";
  const price = textOrNull(fields?.price);
  const cents = price === null ? undefined : parseCents(price);
  const money = cents === undefined ? price : formatCents(cents);
  const event = {
    event_id: eventId,
    event_time: time?.iso ?? textOrNull(fields?.event_time),
    user_id: textOrNull(fields?.user_id),
    session_id: textOrNull(fields?.user_session),
    product_id: textOrNull(fields?.product_id),
    category: textOrNull(fields?.category_code),
    brand: textOrNull(fields?.brand),
    price: money,
    ...(isPurchase
      ? { order_id: `order-${eventId.slice(0, 32)}`, quantity: 1, amount: money }
      : { action: textOrNull(fields?.event_type) }),
  };
  const isBroken = brokenFields(topic, event).length > 0;
  return {
    message: {
      topic,
      key: event.user_id ?? eventId,
      value: JSON.stringify(isBroken ? { ...event, raw: line } : event),
    },
    eventId,
    occurrence,
    time: time?.milliseconds,
    broken: isBroken ? line : undefined,
  };
}

function textOrNull(text: string | undefined): string | null {
  return text === undefined || text === "" ? null : text;
}

interface Time {
  readonly milliseconds: number;
  readonly iso: string;
}

const timestamp =
  /^(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(?: ?(UTC|Z|[+-]\d\d:\d\d))?$/;

/** Rows of the same second follow one another: the last answer is worth keeping. */
let latest: { readonly text: string; readonly time: Time | undefined } = {
  text: "",
  time: undefined,
};

/** Reads `2019-10-01 00:00:00 UTC` and its ISO 8601 relatives; a time without a zone is UTC. */
function parseTime(text: string): Time | undefined {
  if (text !== latest.text) latest = { text, time: parseTimestamp(text) };
  return latest.time;
}

function parseTimestamp(text: string): Time | undefined {
  const match = timestamp.exec(text.trim());
  if (match === null) return undefined;
  const [, date = "", clock = "", fraction = "", zone = "UTC"] = match;
  const local = `${date}T${clock}.${fraction.padEnd(3, "0").slice(0, 3)}`;
  // Date.parse takes 30 February for 2 March: only what reads back the same is a date.
  const utc = Date.parse(`${local}Z`);
  if (Number.isNaN(utc) || new Date(utc).toISOString() !== `${local}Z`) return undefined;
  const milliseconds = /^[+-]/.test(zone) ? Date.parse(`${local}${zone}`) : utc;
  if (Number.isNaN(milliseconds)) return undefined;
  return { milliseconds, iso: new Date(milliseconds).toISOString() };
}
