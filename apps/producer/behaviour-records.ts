import { parse } from "csv-parse/sync";

import { UserError } from "../../cli/errors.ts";
import { readLines, type ReadPosition } from "./text-lines.ts";

/** The columns of a behaviour CSV. Their order in the file does not matter. */
export const columns = [
  "event_time",
  "event_type",
  "product_id",
  "category_id",
  "category_code",
  "brand",
  "price",
  "user_id",
  "user_session",
] as const;
export type Column = (typeof columns)[number];

/** The fields of a line as they stand in the file. */
export type Fields = Readonly<Record<Column, string>>;

/** One line of the file. */
export interface BehaviourRecord {
  /** Which line of the file it is; the header is usually line 1. */
  readonly lineNumber: number;
  readonly line: string;
  /** Undefined if the line is no CSV or has more fields than there are columns; missing ones are empty. */
  readonly fields: Fields | undefined;
}

/**
 * Reads a file in its order, in lists of whatever is at hand. One record is one line: a stray quote
 * then spoils its own line and not the rest of the file. Empty lines are passed over.
 *
 * @throws UserError if the file is missing, not a file, unreadable, empty or has a wrong header.
 */
export async function* readRecords(
  path: string,
  position?: ReadPosition,
): AsyncGenerator<BehaviourRecord[]> {
  let order: readonly number[] | undefined;
  let lineNumber = 0;
  for await (const lines of readLines(path, position)) {
    const records: BehaviourRecord[] = [];
    for (const line of lines) {
      lineNumber += 1;
      if (line === "") continue;
      if (order === undefined) order = columnOrder(path, line);
      else records.push({ lineNumber, line, fields: toFields(splitLine(line), order) });
    }
    yield records;
  }
  if (order === undefined) {
    throw new UserError(`${path} is empty`, {
      cure: `The first line must be ${columns.join(",")}`,
    });
  }
}

/** Where each of our columns stands in the file. */
function columnOrder(path: string, header: string): number[] {
  const names = (splitLine(header) ?? []).map((name) => name.trim());
  const missing = columns.filter((column) => !names.includes(column));
  const unknown = names.filter((name) => !(columns as readonly string[]).includes(name));
  const doubled = columns.filter((column) => names.indexOf(column) !== names.lastIndexOf(column));
  const complaints = [
    ...(missing.length > 0 ? [`lacks ${missing.join(", ")}`] : []),
    ...(unknown.length > 0 ? [`has unknown ${unknown.map(shorten).join(", ")}`] : []),
    ...(doubled.length > 0 ? [`has ${doubled.join(", ")} more than once`] : []),
  ];
  if (complaints.length > 0) {
    throw new UserError(`The header of ${path} ${complaints.join("; ")}`, {
      cure: `The first line must name these columns: ${columns.join(",")}`,
    });
  }
  return columns.map((column) => names.indexOf(column));
}

function shorten(name: string): string {
  return JSON.stringify(name.length > 40 ? `${name.slice(0, 40)}…` : name);
}

function splitLine(line: string): string[] | undefined {
  if (!line.includes('"')) return line.split(",");
  try {
    return parse(line, { relax_column_count: true })[0];
  } catch {
    return undefined;
  }
}

function toFields(
  values: readonly string[] | undefined,
  order: readonly number[],
): Fields | undefined {
  // With a field too many, nobody can tell which of them is the one that does not belong there.
  if (values === undefined || values.length > columns.length) return undefined;
  const fields: Partial<Record<Column, string>> = {};
  columns.forEach((column, index) => {
    fields[column] = values[order[index] ?? index] ?? "";
  });
  return fields as Fields;
}
