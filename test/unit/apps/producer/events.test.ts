import { describe, expect, it } from "vitest";

import { brokenFields, type Topic } from "../../../../apps/producer/events.ts";

const order = {
  event_id: "e1",
  event_time: "2019-10-01T00:00:00.000Z",
  order_id: "o1",
  user_id: "1",
  session_id: "s1",
  product_id: "2",
  category: null,
  brand: null,
  price: "35.79",
  quantity: 2,
  amount: "71.58",
};
const click = {
  event_id: "e2",
  event_time: "2019-10-01T00:00:00.000Z",
  user_id: "1",
  session_id: "s1",
  product_id: "2",
  category: "a.b",
  brand: "sony",
  price: "0.00",
  action: "view",
};
const error = {
  event_id: "e3",
  event_time: "2019-10-01T00:00:00.000Z",
  service: "payment",
  level: "FATAL",
  code: "DOWN",
  message: "It is down",
  user_id: null,
};
const good: Record<Topic, Record<string, unknown>> = {
  orders: order,
  clicks: click,
  errors: error,
};

describe("brokenFields", () => {
  it.each(["orders", "clicks", "errors"] as const)("finds nothing wrong with good %s", (topic) => {
    expect(brokenFields(topic, good[topic])).toEqual([]);
  });

  it.each<[Topic, string, unknown]>([
    ["orders", "event_id", ""],
    ["orders", "event_id", undefined],
    ["orders", "event_time", "2019-10-01 00:00:00 UTC"],
    ["orders", "event_time", "2019-02-30T00:00:00.000Z"],
    ["orders", "order_id", null],
    ["orders", "user_id", 541],
    ["orders", "session_id", ""],
    ["orders", "product_id", null],
    ["orders", "price", "-1.00"],
    ["orders", "price", 35.79],
    ["orders", "price", "33.333"],
    ["orders", "quantity", 0],
    ["orders", "quantity", 1.5],
    ["orders", "quantity", "1"],
    ["orders", "amount", null],
    ["clicks", "action", "teleport"],
    ["clicks", "price", "free"],
    ["clicks", "user_id", null],
    ["errors", "service", ""],
    ["errors", "level", "fatal"],
    ["errors", "code", undefined],
    ["errors", "message", ""],
  ])("%s: %s must not be %j", (topic, field, value) => {
    expect(brokenFields(topic, { ...good[topic], [field]: value })).toEqual([field]);
  });

  it("names every broken field", () => {
    expect(brokenFields("clicks", {})).toEqual([
      "event_id",
      "event_time",
      "user_id",
      "session_id",
      "product_id",
      "price",
      "action",
    ]);
  });
});
