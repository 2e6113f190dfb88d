import { describe, expect, it } from "vitest";

import { brokenFields, type Message } from "../../../../apps/producer/events.ts";
import { Shop } from "../../../../apps/producer/generate.ts";
import { parseCents } from "../../../../apps/producer/money.ts";

const startedAt = Date.UTC(2026, 0, 1, 12);
const options = { seed: 7, startedAt, rate: 200, malformedShare: 0 };
const count = 30_000;

function make(changes: Partial<typeof options> = {}): Message[] {
  return new Shop({ ...options, ...changes }).events(count, startedAt + 1000);
}

interface Parsed {
  readonly topic: string;
  readonly key: string;
  readonly event: Record<string, unknown>;
}

const parse = ({ topic, key, value }: Message): Parsed => ({
  topic,
  key,
  event: JSON.parse(value) as Record<string, unknown>,
});

const messages = make();
const parsed = messages.map(parse);
const orders = parsed.filter(({ topic }) => topic === "orders");
const clicks = parsed.filter(({ topic }) => topic === "clicks");
const errors = parsed.filter(({ topic }) => topic === "errors");

describe("Shop", () => {
  it("makes the same events from the same seed and start", () => {
    expect(make()).toEqual(messages);
  });

  it("makes other events from another seed", () => {
    expect(make({ seed: 8 })[0]).not.toEqual(messages[0]);
  });

  it("never uses an id twice, not even after a restart with the same seed", () => {
    const again = make({ startedAt: startedAt + 1 }).map(parse);
    const ids = [...parsed, ...again].map(({ event }) => event["event_id"]);
    expect(new Set(ids).size).toBe(2 * count);
    expect(ids[0]).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}$/);
  });

  it("keeps the contract", () => {
    const broken = messages.filter(
      (message) => brokenFields(message.topic, parse(message).event).length > 0,
    );
    expect(broken).toEqual([]);
    expect(new Set(parsed.map(({ event }) => event["event_time"]))).toEqual(
      new Set(["2026-01-01T12:00:01.000Z"]),
    );
  });

  it("charges price times quantity to the cent", () => {
    for (const { event } of orders) {
      const price = parseCents(event["price"] as string) ?? 0n;
      expect(parseCents(event["amount"] as string)).toBe(
        price * BigInt(event["quantity"] as number),
      );
    }
    expect(new Set(orders.map(({ event }) => event["quantity"]))).toEqual(new Set([1, 2, 3]));
  });

  it("keeps a visitor's events and a service's lines together by key", () => {
    for (const { event, key } of [...orders, ...clicks]) expect(key).toBe(event["user_id"]);
    for (const { event, key } of errors) expect(key).toBe(event["service"]);
  });

  it("has mostly views, some carts, few orders and few lines of logs", () => {
    const share = (some: readonly unknown[]): number => some.length / count;
    const carts = clicks.filter(({ event }) => event["action"] === "cart");
    expect(share(orders)).toBeGreaterThan(0.01);
    expect(share(orders)).toBeLessThan(0.05);
    expect(share(carts)).toBeGreaterThan(share(orders));
    expect(share(carts)).toBeLessThan(0.15);
    expect(share(errors)).toBeGreaterThan(0.015);
    expect(share(errors)).toBeLessThan(0.025);
    const levels = new Map<unknown, number>();
    for (const { event } of errors)
      levels.set(event["level"], (levels.get(event["level"]) ?? 0) + 1);
    expect(
      [...levels]
        .sort(([, a], [, b]) => b - a)
        .map(([level]) => level)
        .slice(0, 3),
    ).toEqual(["INFO", "WARN", "ERROR"]);
  });

  it("lets a session look before it puts into the cart, and put there before it buys", () => {
    const seen = new Map<unknown, Set<string>>();
    // A small shop from its first event on, so that no session began before.
    const shop = new Shop({ ...options, rate: 1 });
    const before = new Set<unknown>();
    shop
      .events(2_000, startedAt)
      .map(parse)
      .forEach(({ event }) => before.add(event["session_id"]));
    for (const { topic, event } of shop.events(10_000, startedAt).map(parse)) {
      const session = event["session_id"];
      if (topic === "errors" || before.has(session)) continue;
      const known = seen.get(session) ?? new Set();
      const step = topic === "orders" ? "order" : String(event["action"]);
      const about = (action: string): string => `${action} ${String(event["product_id"])}`;
      if (step === "cart") expect(known).toContain(about("view"));
      if (step === "remove_from_cart" || step === "order") expect(known).toContain(about("cart"));
      seen.set(session, known.add(about(step)));
    }
    expect(seen.size).toBeGreaterThan(500);
  });

  it("breaks the asked share of events, each for certain", () => {
    const shop = new Shop({ ...options, malformedShare: 0.1 });
    const broken = shop.events(count, startedAt).filter((message) => {
      try {
        return brokenFields(message.topic, parse(message).event).length > 0;
      } catch {
        return true;
      }
    });
    expect(broken).toHaveLength(shop.malformed);
    expect(shop.malformed / count).toBeGreaterThan(0.09);
    expect(shop.malformed / count).toBeLessThan(0.11);
  });
});
