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

const shortDayFormat = new Intl.DateTimeFormat("en-GB", {
  timeZone: "UTC",
  day: "numeric",
  month: "short",
});

/** 1 Oct */
export function shortDay(time: string | number): string {
  return shortDayFormat.format(new Date(time));
}

/** 1 Oct 02:50, or with the year if it is not this one. */
export function moment(time: string | number): string {
  const date = new Date(time);
  const isThisYear = date.getUTCFullYear() === new Date().getUTCFullYear();
  const year = isThisYear ? "" : ` ${date.getUTCFullYear()}`;
  return `${shortDay(time)}${year} ${clock(time)}`;
}

/** 02:00 to 03:00 on one day, else 1 Oct 2019 02:00 to 2 Oct 2019 02:00. */
export function span(from: string, to: string): string {
  return from.slice(0, 10) === to.slice(0, 10)
    ? `${clock(from)} to ${clock(to)}`
    : `${moment(from)} to ${moment(to)}`;
}

/** 1234567 as 1.2 MB. */
export function size(bytes: number): string {
  const units = ["B", "kB", "MB", "GB", "TB", "PB"];
  const power = Math.min(bytes < 1 ? 0 : Math.floor(Math.log10(bytes) / 3), units.length - 1);
  const digits = power === 0 ? 0 : 1;
  return `${(bytes / 1000 ** power).toFixed(digits)} ${units[power] ?? ""}`;
}

/** A category as people write it: electronics.audio as electronics › audio. */
export function categoryPath(category: string): string {
  return category.replaceAll(".", " › ");
}
