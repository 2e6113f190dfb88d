const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
const short = new Intl.NumberFormat("en", { notation: "compact" });
const share = new Intl.NumberFormat("en", {
  style: "percent",
  minimumFractionDigits: 1,
  maximumFractionDigits: 1,
});

/** 17220 as 17,220. */
export function count(value: number): string {
  return whole.format(value);
}

/** 15000 as 15K. */
export function compact(value: number): string {
  return short.format(value);
}

/** 0.0123 as 1.2%. */
export function percent(value: number): string {
  return share.format(value);
}

/** The decimal text 59442.63 as 59,442.63: digit by digit, no float has a part in it. */
export function money(amount: string): string {
  return amount.replace(/\B(?=(\d{3})+(?!\d)(?=\.|$))/g, ",");
}

const clockFormat = new Intl.DateTimeFormat("en-GB", {
  timeZone: "UTC",
  hour: "2-digit",
  minute: "2-digit",
});
const secondsFormat = new Intl.DateTimeFormat("en-GB", { timeZone: "UTC", timeStyle: "medium" });
const dayFormat = new Intl.DateTimeFormat("en-GB", { timeZone: "UTC", dateStyle: "long" });

/** 02:50 */
export function clock(time: string | number): string {
  return clockFormat.format(new Date(time));
}

/** 02:50:17 */
export function clockWithSeconds(time: string): string {
  return secondsFormat.format(new Date(time));
}

/** 1 October 2019 */
export function day(time: string): string {
  return dayFormat.format(new Date(time));
}
