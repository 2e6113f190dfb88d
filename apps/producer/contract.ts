import { clickActions, errorLevels, type Topic } from "./events.ts";

/**
 * The contract of events as k8s-jobs/streaming/streaming/contract.py has it, in the same words, for
 * whoever wants to know before sending. The streaming job has the last word.
 */

type Fields = Readonly<Record<string, unknown>>;

/** The versions of the contract that the streaming job reads; without one an event is of version 1. */
const schemaVersions: readonly string[] = ["1"];

const requiredText: Record<Topic, readonly string[]> = {
  orders: ["event_id", "order_id", "user_id", "session_id", "product_id"],
  clicks: ["event_id", "user_id", "session_id", "product_id"],
  errors: ["event_id", "service", "code", "message"],
};
const requiredMoney: Record<Topic, readonly string[]> = {
  orders: ["price", "amount"],
  clicks: ["price"],
  errors: [],
};

const plainMoney = /^\d{1,16}(\.\d{1,2})?$/;
const largestQuantity = 2 ** 31 - 1;
const timeWithZone =
  /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:\.(\d{1,9}))? ?(?:Z|UTC|GMT|([+-]\d\d)(?::?(\d\d))?)$/i;
/** The zone that is furthest from UTC, in minutes. */
const furthestZone = 18 * 60;

/** A message that keeps the contract. */
export interface GoodEvent {
  readonly eventId: string;
  /** Event time in ms since 1970. */
  readonly time: number;
  /** What keeps the order of events: the user, or the service of an error. */
  readonly key: string;
}

/** Why a message is no event of its topic: a sentence for every breach. */
export interface Breach {
  readonly reason: string;
}

/** Checks a message, which is one JSON object, against the contract of its topic. */
export function checkEvent(topic: Topic, message: string): GoodEvent | Breach {
  const fields = parseObject(message);
  if (fields === undefined) return { reason: "message is not a JSON object" };
  const breaches = versionBreach(fields) ?? breachesOf(topic, fields);
  if (breaches.length > 0) return { reason: breaches.join("; ") };
  return {
    eventId: textOf(fields["event_id"]),
    time: parseEventTime(textOf(fields["event_time"])) ?? 0,
    key: textOf(fields[topic === "errors" ? "service" : "user_id"]),
  };
}

function parseObject(message: string): Fields | undefined {
  try {
    const value: unknown = JSON.parse(message);
    const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
    return isObject ? (value as Fields) : undefined;
  } catch {
    return undefined;
  }
}

/** Of an event of another version nothing else can be said. */
function versionBreach({ schema_version: version }: Fields): string[] | undefined {
  if (version === undefined || version === null) return undefined;
  const text = textOf(version);
  if (!/^-?\d{1,9}$/.test(text)) return ["schema_version is not an integer"];
  return schemaVersions.includes(text) ? undefined : [`schema_version ${text} is not known`];
}

function breachesOf(topic: Topic, fields: Fields): string[] {
  const text = (name: string): string => textOf(fields[name]);
  const quantity = /^\d{1,10}$/.test(text("quantity")) ? Number(text("quantity")) : 0;
  const breaches: readonly (readonly [boolean, string])[] = [
    ...requiredText[topic].map((name) => [!/[^ ]/.test(text(name)), `${name} is missing`] as const),
    [
      parseEventTime(text("event_time")) === undefined,
      "event_time is not an ISO 8601 time with a zone",
    ],
    ...requiredMoney[topic].map(
      (name) => [!plainMoney.test(text(name)), `${name} is not a decimal of at least 0`] as const,
    ),
    [
      topic === "orders" && (quantity < 1 || quantity > largestQuantity),
      "quantity is not an integer of at least 1",
    ],
    [topic === "clicks" && isNoneOf(clickActions, text("action")), among("action", clickActions)],
    [topic === "errors" && isNoneOf(errorLevels, text("level")), among("level", errorLevels)],
  ];
  return breaches.filter(([isBroken]) => isBroken).map(([, sentence]) => sentence);
}

/** A JSON number is taken as its text; anything else that is no text is as good as missing. */
function textOf(value: unknown): string {
  return typeof value === "string" || typeof value === "number" ? String(value) : "";
}

function isNoneOf(allowed: readonly string[], text: string): boolean {
  return !allowed.includes(text);
}

function among(name: string, allowed: readonly string[]): string {
  return `${name} is not one of ${allowed.join(", ")}`;
}

/** Reads an ISO 8601 time with a zone, in ms since 1970; undefined if it is none. */
function parseEventTime(text: string): number | undefined {
  const match = timeWithZone.exec(text);
  if (match === null) return undefined;
  const [, date = "", clock = "", fraction = "", hours = "+00", minutes = "00"] = match;
  const local = `${date}T${clock}.${fraction.padEnd(3, "0").slice(0, 3)}Z`;
  const time = Date.parse(local);
  // Date.parse takes 30 February for 2 March: only what reads back the same is a date.
  if (Number.isNaN(time) || new Date(time).toISOString() !== local) return undefined;
  const zone = Math.abs(Number(hours)) * 60 + Number(minutes);
  if (zone > furthestZone || Number(minutes) > 59) return undefined;
  return time - (hours.startsWith("-") ? -zone : zone) * 60_000;
}
