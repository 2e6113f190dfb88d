import { describe, expect, it } from "vitest";
import { isNameGenerated, withName } from "../../../../providers/bridged/names.ts";

const randomSeed = new Uint8Array([1, 2, 3]);

describe("withName", () => {
  it("keeps the program's own name", () => {
    const inputs = withName({ name: "orders" }, { name: "x", randomSeed, old: undefined });
    expect(inputs).toEqual({ name: "orders" });
    expect(isNameGenerated(inputs)).toBe(false);
  });

  it("makes one of the logical name and seven hex digits, the same for the same seed", () => {
    const operation = { name: "orders", randomSeed, old: undefined };
    const inputs = withName({}, operation);
    expect(inputs.name).toMatch(/^orders-[0-9a-f]{7}$/);
    expect(withName({}, operation)).toEqual(inputs);
    expect(withName({}, { ...operation, randomSeed: new Uint8Array([4]) })).not.toEqual(inputs);
    expect(isNameGenerated(inputs)).toBe(true);
  });

  it("keeps a made-up name in later updates", () => {
    const old = { name: "orders-0123abc", __defaults: ["name"] };
    expect(withName({}, { name: "orders", randomSeed, old })).toEqual(old);
  });
});
