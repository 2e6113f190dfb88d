import { parseCents } from "./money.ts";

/** The topics that the shop's events go to; the tables have the same names. */
export const topics = ["orders", "clicks", "errors"] as const;
export type Topic = (typeof topics)[number];

export const clickActions = ["view", "cart", "remove_from_cart"] as const;
export type ClickAction = (typeof clickActions)[number];

export const errorLevels = ["INFO", "WARN", "ERROR", "FATAL"] as const;
export type ErrorLevel = (typeof errorLevels)[number];

interface Event {
  /** Unique, and the same whenever the same input is sent again. */
  readonly event_id: string;
  /** ISO 8601, UTC, with milliseconds: `2019-10-01T00:00:00.000Z`. */
  readonly event_time: string;
}

interface ShopEvent extends Event {
  readonly user_id: string;
  readonly session_id: string;
  readonly product_id: string;
  /** Dotted path such as `electronics.smartphone`. */
  readonly category: string | null;
  readonly brand: string | null;
  /** Price of one piece: a decimal text with two decimals, never a float. */
  readonly price: string;
}

/** A purchase of one product. */
export interface OrderEvent extends ShopEvent {
  readonly order_id: string;
  /** Pieces, at least 1. */
  readonly quantity: number;
  /** price × quantity, as a decimal text with two decimals. */
  readonly amount: string;
}

/** Something a visitor did with a product short of buying it. */
export interface ClickEvent extends ShopEvent {
  readonly action: ClickAction;
}

/** A line that one of the shop's services logged. */
export interface ErrorEvent extends Event {
  readonly service: string;
  readonly level: ErrorLevel;
  readonly code: string;
  readonly message: string;
  readonly user_id: string | null;
}

/** One Kafka message, ready to be sent. */
export interface Message {
  readonly topic: Topic;
  /** What keeps the order of events: the user, or the service of an error. */
  readonly key: string;
  /** The event as JSON. */
  readonly value: string;
}

type Check = (value: unknown) => boolean;

const isText: Check = (value) => typeof value === "string" && /[^ ]/.test(value);

const isTime: Check = (value) => {
  const milliseconds = typeof value === "string" ? Date.parse(value) : NaN;
  return !Number.isNaN(milliseconds) && new Date(milliseconds).toISOString() === value;
};

const isMoney: Check = (value) => {
  const cents = typeof value === "string" ? parseCents(value) : undefined;
  return cents !== undefined && cents >= 0n;
};

const isQuantity: Check = (value) =>
  typeof value === "number" && Number.isInteger(value) && value >= 1;

function isOneOf(allowed: readonly string[]): Check {
  return (value) => typeof value === "string" && allowed.includes(value);
}

const event: Record<string, Check> = { event_id: isText, event_time: isTime };

const shopEvent: Record<string, Check> = {
  ...event,
  user_id: isText,
  session_id: isText,
  product_id: isText,
  price: isMoney,
};

const contract: Record<Topic, Record<string, Check>> = {
  orders: { ...shopEvent, order_id: isText, quantity: isQuantity, amount: isMoney },
  clicks: { ...shopEvent, action: isOneOf(clickActions) },
  errors: {
    ...event,
    service: isText,
    level: isOneOf(errorLevels),
    code: isText,
    message: isText,
  },
};

/**
 * The fields by which an event breaks the contract of its topic; none if it is a good one. The
 * streaming job decides the same on its own and writes the reason: this check only tells whether
 * the original line has to travel along.
 */
export function brokenFields(topic: Topic, fields: Readonly<Record<string, unknown>>): string[] {
  return Object.entries(contract[topic])
    .filter(([name, holds]) => !holds(fields[name]))
    .map(([name]) => name);
}
