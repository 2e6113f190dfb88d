import type { ErrorLevel } from "./events.ts";
import { type Random, WeightedChoice } from "./random.ts";

/** A line that some service of the shop may log. */
interface LogLine {
  readonly service: string;
  readonly code: string;
  readonly message: string;
}

/** How often each level is logged: a shop in good health, with the odd bad moment. */
const levels: readonly (readonly [ErrorLevel, number])[] = [
  ["INFO", 700],
  ["WARN", 215],
  ["ERROR", 81],
  ["FATAL", 4],
];

const lines: Record<ErrorLevel, readonly LogLine[]> = {
  INFO: [
    { service: "search", code: "INDEX_REFRESHED", message: "Search index refreshed" },
    { service: "inventory", code: "STOCK_SYNCED", message: "Stock levels synchronised" },
    { service: "shipping", code: "LABEL_PRINTED", message: "Shipping label printed" },
    { service: "accounts", code: "PASSWORD_RESET", message: "Password reset was asked for" },
  ],
  WARN: [
    { service: "search", code: "SLOW_QUERY", message: "Search took longer than 800 ms" },
    { service: "inventory", code: "LOW_STOCK", message: "Fewer than five pieces are left" },
    {
      service: "payment",
      code: "RETRY",
      message: "Payment provider answered at the second attempt",
    },
    { service: "recommendation", code: "STALE_MODEL", message: "Model is older than a day" },
  ],
  ERROR: [
    { service: "payment", code: "CARD_DECLINED", message: "The card was declined" },
    { service: "checkout", code: "PRICE_CHANGED", message: "The price changed during checkout" },
    {
      service: "shipping",
      code: "ADDRESS_UNKNOWN",
      message: "The carrier does not know the address",
    },
    { service: "inventory", code: "OUT_OF_STOCK", message: "A product sold out during checkout" },
  ],
  FATAL: [
    { service: "payment", code: "PROVIDER_DOWN", message: "No payment provider can be reached" },
    { service: "checkout", code: "DATABASE_DOWN", message: "The order database does not answer" },
  ],
};

const byFrequency = new WeightedChoice(levels.map(([, frequency]) => frequency));

/** What a service logs next. */
export function nextLogLine(random: Random): LogLine & { readonly level: ErrorLevel } {
  const level = levels[byFrequency.pick(random)]?.[0] ?? "INFO";
  return { level, ...random.pick(lines[level]) };
}
