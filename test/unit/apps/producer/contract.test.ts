import { describe, expect, it } from "vitest";

import { checkEvent } from "../../../../apps/producer/contract.ts";
import type { Topic } from "../../../../apps/producer/events.ts";

const shop = {
  event_id: "e1",
  event_time: "2019-10-01T00:00:00.000Z",
  user_id: "u1",
  session_id: "s1",
  product_id: "p1",
  category: null,
  brand: "sony",
  price: "35.79",
};
const good: Record<Topic, Record<string, unknown>> = {
  orders: { ...shop, order_id: "o1", quantity: 1, amount: "35.79" },
  clicks: { ...shop, action: "view" },
  errors: {
    event_id: "e1",
    event_time: "2019-10-01T00:00:00.000Z",
    ...{ service: "payment", level: "ERROR", code: "C", message: "m", user_id: null },
  },
};

const reasonOf = (topic: Topic, message: string): string | undefined => {
  const checked = checkEvent(topic, message);
  return "reason" in checked ? checked.reason : undefined;
};
const reasonWith = (topic: Topic, special: Record<string, unknown>): string | undefined =>
  reasonOf(topic, JSON.stringify({ ...good[topic], ...special }));

// The cases are those of k8s-jobs/streaming/tests/test_contract.py.

describe("a good event", () => {
  it.each<[Topic, Record<string, unknown>]>([
    ["orders", {}],
    ["orders", { brand: "Ünïcødé 品牌 🛒", category: null }],
    ["orders", { unknown: { deep: [1, { er: null }] } }],
    ["orders", { price: 35.79, amount: 0, quantity: "3" }],
    ["orders", { price: "0", amount: "0.5", quantity: 2_147_483_647 }],
    ["orders", { schema_version: "1", discount: "0.50" }],
    ["clicks", { action: "remove_from_cart", price: 0 }],
    ["clicks", { user_id: 541_312_140, schema_version: 1 }],
    ["clicks", { event_time: "2019-10-01 02:00:00 UTC" }],
    ["clicks", { event_time: "2019-10-01T02:00:00.123456789+02:00" }],
    ["clicks", { event_time: "2019-10-01T02:00:00-0330" }],
    ["clicks", { event_time: "2019-10-01t02:00:00z" }],
    ["errors", { level: "FATAL", user_id: "7" }],
    ["errors", { message: "a } { b", schema_version: null }],
  ])("of %s may have %j", (topic, special) => {
    expect(reasonWith(topic, special)).toBeUndefined();
  });

  it("is known by its id, its time and its key", () => {
    const order = { ...good.orders, event_time: "2019-10-01T02:30:00.5+02:30" };
    expect(checkEvent("orders", JSON.stringify(order))).toEqual({
      eventId: "e1",
      time: Date.parse("2019-10-01T00:00:00.500Z"),
      key: "u1",
    });
    expect(checkEvent("errors", JSON.stringify(good.errors))).toMatchObject({ key: "payment" });
  });
});

describe("a message that breaks the contract", () => {
  it.each([
    "",
    "{",
    "null",
    "12",
    '"text"',
    "[]",
    '[{"event_id":"1"}]',
    '{"event_id":"1"}{"event_id":"2"}',
    '{"event_id":"1"} tail',
    "{'event_id':'1'}",
  ])("is no JSON object: %s", (message) => {
    expect(reasonOf("orders", message)).toBe("message is not a JSON object");
  });

  const noTime = "event_time is not an ISO 8601 time with a zone";
  const noPrice = "price is not a decimal of at least 0";
  const noQuantity = "quantity is not an integer of at least 1";
  const noAction = "action is not one of view, cart, remove_from_cart";
  const noLevel = "level is not one of INFO, WARN, ERROR, FATAL";

  const cases: [Topic, string, readonly unknown[], string][] = [
    ...["event_id", "order_id", "user_id", "session_id", "product_id"].map(
      (name): [Topic, string, unknown[], string] => [
        ...(["orders", name] as [Topic, string]),
        ...([[undefined, null, "", "  "], `${name} is missing`] as [unknown[], string]),
      ],
    ),
    [
      "clicks",
      "event_time",
      [
        ...[null, "", "yesterday", 1_569_888_000_000, "2019-10-01", "2019-10-01T00:00:00"],
        ...["2019-13-01T00:00:00Z", "2019-02-30T00:00:00Z", "2019-10-01T24:00:00Z"],
        "2019-10-01T00:00:00+99:00",
      ],
      noTime,
    ],
    [
      "clicks",
      "price",
      [
        ...[null, "", "free", "-0.01", -1, "35.799", 35.799, "35,79", "1,000.00", " 35.79"],
        ...["1.", ".5", "NaN", true, { amount: 1 }, `1${"0".repeat(16)}`, 1e16, 1e-3],
      ],
      noPrice,
    ],
    ["orders", "amount", ["-1"], "amount is not a decimal of at least 0"],
    ["orders", "quantity", [null, 0, -1, 1.5, "two", 2 ** 31], noQuantity],
    ["clicks", "action", [null, "", "VIEW", "purchase"], noAction],
    ["errors", "level", [null, "DEBUG", "info"], noLevel],
    ["errors", "schema_version", ["", "one", 1e9, true, [1]], "schema_version is not an integer"],
    ["errors", "schema_version", [2], "schema_version 2 is not known"],
  ];

  it.each(
    cases.flatMap(([topic, field, values, reason]) =>
      values.map((value) => [topic, field, value, reason] as const),
    ),
  )("of %s has %s: %j", (topic, field, value, reason) => {
    expect(reasonWith(topic, { [field]: value })).toBe(reason);
  });

  it("has every breach named", () => {
    expect(reasonOf("orders", "{}")).toBe(
      "event_id is missing; order_id is missing; user_id is missing; session_id is missing; " +
        `product_id is missing; ${noTime}; ${noPrice}; amount is not a decimal of at least 0; ` +
        noQuantity,
    );
    expect(reasonOf("orders", '{"schema_version":2}')).toBe("schema_version 2 is not known");
  });
});
