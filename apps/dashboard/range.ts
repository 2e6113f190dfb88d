/** The times that a viewer can choose, as server and browser both read them from the URL. */

const minute = 60_000;

/** Ranges that end with the newest data: their length in ms, none where there is no limit. */
export const lengths = {
  "15m": 15 * minute,
  "1h": 60 * minute,
  "24h": 24 * 60 * minute,
  all: null,
} as const;

export type RelativeRange = keyof typeof lengths;

/** Times in ms since 1970, whole minutes; `to` is not part of it. */
export interface Period {
  readonly from: number;
  readonly to: number;
}

export type Range = RelativeRange | Period;

export const defaultRange: RelativeRange = "1h";

/** A range that cannot be used, with the reason. */
export class BadRangeError extends Error {}

/**
 * Reads `range=15m|1h|24h|all`, or `from` and `to` in ISO 8601, widened to whole minutes; without
 * any of them it is the default.
 * @throws BadRangeError
 */
export function parseRange(parameters: URLSearchParams): Range {
  const [from, to] = [parameters.get("from"), parameters.get("to")];
  if (from !== null || to !== null) {
    const period = {
      from: Math.floor(time("from", from) / minute) * minute,
      to: Math.ceil(time("to", to) / minute) * minute,
    };
    if (period.from >= period.to) throw new BadRangeError("`from` must be before `to`");
    return period;
  }
  const name = parameters.get("range") ?? defaultRange;
  if (!Object.hasOwn(lengths, name)) {
    throw new BadRangeError(
      `\`range\` must be one of ${Object.keys(lengths).join(", ")}, not "${name}"`,
    );
  }
  return name as RelativeRange;
}

/** The parameters that `parseRange` reads; none for the default. Equal ranges have equal texts. */
export function rangeParameters(range: Range): URLSearchParams {
  if (range === defaultRange) return new URLSearchParams();
  if (typeof range === "string") return new URLSearchParams({ range });
  return new URLSearchParams({ from: isoMinute(range.from), to: isoMinute(range.to) });
}

/** Years beyond these have other numbers of digits, which SQL and forms do not take. */
const [earliest, latest] = [Date.UTC(1970, 0, 1), Date.UTC(9999, 0, 1)];

function time(name: string, text: string | null): number {
  const value = Date.parse(withZone(text ?? ""));
  if (!(value >= earliest && value <= latest)) {
    throw new BadRangeError(`\`${name}\` must be a time such as 2019-10-01T02:00Z`);
  }
  return value;
}

/** A time without a zone is UTC here, as all times of the dashboard are. */
function withZone(text: string): string {
  return /T\d\d:\d\d(:\d\d(\.\d+)?)?$/.test(text) ? `${text}Z` : text;
}

function isoMinute(value: number): string {
  return `${new Date(value).toISOString().slice(0, 16)}Z`;
}
