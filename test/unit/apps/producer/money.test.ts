import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { formatCents, parseCents } from "../../../../apps/producer/money.ts";

describe("parseCents", () => {
  it.each([
    ["35.79", 3579n],
    ["33.2", 3320n],
    ["33", 3300n],
    ["33.", 3300n],
    [".5", 50n],
    ["0", 0n],
    ["-0.00", 0n],
    ["33.200000", 3320n],
    ["007.10", 710n],
    ["+1.00", 100n],
    ["1e2", 10_000n],
    ["1.234E1", 1234n],
    ["120e-2", 120n],
    [" 35.79 ", 3579n],
    ["-7.94", -794n],
    ["9999999999999999.99", 10n ** 18n - 1n],
  ])("reads %j exactly", (text, cents) => {
    expect(parseCents(text)).toBe(cents);
  });

  it.each([
    "",
    " ",
    ".",
    "-",
    "33.333",
    "1e-3",
    "1,234.50",
    "1 000",
    "0x10",
    "NaN",
    "Infinity",
    "1e999",
    "10000000000000000.00",
    "12.3.4",
    "٣",
  ])("does not take %j for an amount", (text) => {
    expect(parseCents(text)).toBeUndefined();
  });

  it("reads back every amount that formatCents writes", () => {
    const cents = fc.bigInt({ min: -(10n ** 18n - 1n), max: 10n ** 18n - 1n });
    fc.assert(
      fc.property(cents, (amount) => {
        const text = formatCents(amount);
        expect(text).toMatch(/^-?\d+\.\d\d$/);
        expect(parseCents(text)).toBe(amount);
      }),
    );
  });
});
