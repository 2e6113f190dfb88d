/** A point in time. */
export interface Time {
  /** Since 1970. */
  readonly milliseconds: number;
  /** ISO 8601, UTC, with milliseconds. */
  readonly iso: string;
}

const timestamp =
  /^(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(?: ?(UTC|Z|[+-]\d\d:\d\d))?$/;

/** Rows of the same second follow one another: the last answer is worth keeping. */
let latest: { readonly text: string; readonly time: Time | undefined } = {
  text: "",
  time: undefined,
};

/**
 * Reads `2019-10-01 00:00:00 UTC` and its ISO 8601 relatives; a time without a zone is UTC.
 *
 * @returns undefined if the text is no such time.
 */
export function parseTime(text: string): Time | undefined {
  if (text !== latest.text) latest = { text, time: parseTimestamp(text) };
  return latest.time;
}

function parseTimestamp(text: string): Time | undefined {
  const match = timestamp.exec(text.trim());
  if (match === null) return undefined;
  const [, date = "", clock = "", fraction = "", zone = "UTC"] = match;
  const local = `${date}T${clock}.${fraction.padEnd(3, "0").slice(0, 3)}`;
  // Date.parse takes 30 February for 2 March: only what reads back the same is a date.
  const utc = Date.parse(`${local}Z`);
  if (Number.isNaN(utc) || new Date(utc).toISOString() !== `${local}Z`) return undefined;
  const milliseconds = /^[+-]/.test(zone) ? Date.parse(`${local}${zone}`) : utc;
  if (Number.isNaN(milliseconds)) return undefined;
  return { milliseconds, iso: new Date(milliseconds).toISOString() };
}
