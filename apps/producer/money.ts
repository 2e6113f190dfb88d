/** The largest amount that fits decimal(18,2), in cents. */
const maximumCents = 10n ** 18n - 1n;

/** Plain or exponent notation; NaN, Infinity, hexadecimal and thousands separators are no amounts. */
const decimal = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d{1,2}))?$/;

/**
 * Reads an amount of money exactly, without ever going through a float: `35.79`, `33.2`, `33`,
 * `33.200` and `3.3e1` are amounts; `33.333` is not, because cents could not hold it.
 *
 * @returns the amount in cents, or undefined if the text is no amount of at most two decimals that
 *   fits decimal(18,2). Negative amounts are read as such: whether they are allowed is the
 *   contract's business.
 */
export function parseCents(text: string): bigint | undefined {
  const match = decimal.exec(text.trim());
  if (match === null) return undefined;
  const [, sign, whole = "", fraction = "", exponent = "0"] = match;
  if (whole === "" && fraction === "") return undefined;

  const digits = BigInt(whole + fraction);
  // The amount is digits × 10^-fraction.length × 10^exponent; cents are that × 10².
  const shift = Number(exponent) - fraction.length + 2;
  let cents: bigint;
  if (shift >= 0) {
    cents = digits * 10n ** BigInt(shift);
  } else {
    const divisor = 10n ** BigInt(-shift);
    if (digits % divisor !== 0n) return undefined;
    cents = digits / divisor;
  }
  if (cents > maximumCents) return undefined;
  return sign === "-" ? -cents : cents;
}

/** Writes cents as the contract wants money: a decimal text with exactly two decimals. */
export function formatCents(cents: bigint | number): string {
  const exact = BigInt(cents);
  const digits = (exact < 0n ? -exact : exact).toString().padStart(3, "0");
  return `${exact < 0n ? "-" : ""}${digits.slice(0, -2)}.${digits.slice(-2)}`;
}
