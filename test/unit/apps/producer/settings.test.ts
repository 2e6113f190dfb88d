import { describe, expect, it } from "vitest";

import { readSettings } from "../../../../apps/producer/settings.ts";

describe("readSettings", () => {
  it("needs nothing but the brokers", () => {
    expect(readSettings({ KAFKA_BROKERS: "a:1, b:2" })).toEqual({
      KAFKA_BROKERS: ["a:1", "b:2"],
      PORT: 8080,
      RATE: 20,
      RHYTHM: "daily",
      SEED: 1,
      MALFORMED_SHARE: 0.001,
    });
  });

  it("reads what it is told", () => {
    const variables = { KAFKA_BROKERS: "a:1", RATE: "0.5", SEED: "-3", MALFORMED_SHARE: "1" };
    expect(readSettings(variables)).toMatchObject({ RATE: 0.5, SEED: -3, MALFORMED_SHARE: 1 });
  });

  it("names everything that is wrong", () => {
    const variables = { RATE: "many", SEED: "1.5", MALFORMED_SHARE: "2", RHYTHM: "waltz" };
    expect(() => readSettings(variables)).toThrow(
      /KAFKA_BROKERS: .*RATE: .*RHYTHM: .*SEED: .*MALFORMED_SHARE: /,
    );
  });
});
