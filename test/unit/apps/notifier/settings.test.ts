import { expect, it } from "vitest";

import { readSettings } from "../../../../apps/notifier/settings.ts";

const needed = {
  FLIGHT_ADDRESS: "query:32010",
  FLIGHT_USER_FILE: "/run/a",
  FLIGHT_PASSWORD_FILE: "/run/b",
  REDIS_ADDRESS: "redis:6379",
  REDIS_USER_FILE: "/run/c",
  REDIS_PASSWORD_FILE: "/run/d",
  KAFKA_BROKERS: "kafka:9092",
  WEBHOOK_URL_FILE: "/run/e",
};

it("needs to know all that it works with", () => {
  expect(readSettings(needed)).toEqual({ ...needed, PORT: 8080, WEBHOOK_FORMAT: "json" });
  expect(() => readSettings({ ...needed, REDIS_ADDRESS: "redis", WEBHOOK_FORMAT: "xml" })).toThrow(
    /REDIS_ADDRESS: host:port; WEBHOOK_FORMAT: /,
  );
});
