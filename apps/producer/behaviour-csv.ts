import { hash } from "node:crypto";

import { type BehaviourRecord, columns, readRecords } from "./behaviour-records.ts";
import { parseTime } from "./event-time.ts";
import { brokenFields, type Message, type Topic } from "./events.ts";
import { formatCents, parseCents } from "./money.ts";
import { Occurrences } from "./occurrences.ts";
import { regularFileSize, type ReadPosition } from "./text-lines.ts";

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

function toRow(record: BehaviourRecord, occurrences: Occurrences): BehaviourRow {
  const { eventId, occurrence, time } = identify(record, occurrences);
  const { topic, event } = toEvent(record, eventId);
  const isBroken = brokenFields(topic, event).length > 0;
  return {
    message: {
      topic,
      key: event.user_id ?? eventId,
      value: JSON.stringify(isBroken ? { ...event, raw: record.line } : event),
    },
    eventId,
    occurrence,
    time,
    broken: isBroken ? record.line : undefined,
  };
}

/**
 * The fields of the event that a line stands for by which it breaks the contract; none if it is a
 * good one.
 */
export function breachesOf(record: BehaviourRecord): string[] {
  const { topic, event } = toEvent(record, "not known yet");
  return brokenFields(topic, event);
}

const unit = "\u001f";

/**
 * The id of the event that a line stands for. Lines must come in the order of the file, though those
 * of another time may be left out: equal lines are of the same time.
 */
export function identify(
  { line, fields }: Pick<BehaviourRecord, "line" | "fields">,
  occurrences: Occurrences,
): Pick<BehaviourRow, "eventId" | "occurrence" | "time"> {
  const time = fields && parseTime(fields.event_time)?.milliseconds;
  const identity = fields ? columns.map((column) => fields[column]).join(unit) : line;
  const occurrence = occurrences.next(identity, time);
  return { eventId: hash("sha256", `${identity}${unit}${occurrence}`), occurrence, time };
}

/** The event that a line stands for; fields that cannot be read are null or as they stand there. */
function toEvent({ fields }: BehaviourRecord, eventId: string) {
  const isPurchase = fields ? fields.event_type === "purchase" : false;
  const topic: Topic = isPurchase ? "orders" : "clicks";
  const price = textOrNull(fields?.price);
  const cents = price === null ? undefined : parseCents(price);
  const money = cents === undefined ? price : formatCents(cents);
  const event = {
    event_id: eventId,
    event_time: (fields && parseTime(fields.event_time)?.iso) ?? textOrNull(fields?.event_time),
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
  return { topic, event };
}

function textOrNull(text: string | undefined): string | null {
  return text === undefined || text === "" ? null : text;
}
