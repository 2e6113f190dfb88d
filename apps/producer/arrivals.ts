import type { BehaviourRow } from "./behaviour-csv.ts";
import { formatCents, parseCents } from "./money.ts";

/** Runs SQL and returns its rows; decimals come as texts. */
export type Query = (sql: string) => Promise<readonly Readonly<Record<string, unknown>>[]>;

/** The tables that rows of a behaviour CSV end up in. */
export type Destination = "orders" | "clicks" | "dead_letters";

/** Longest list of raw lines in one statement, in characters. */
const longestList = 128 * 1024;

/** Where rows of a file are to be found in the tables, and what the orders among them amount to. */
export interface Found {
  readonly rows: ReadonlyMap<BehaviourRow, Destination>;
  /** Sum of the amounts that the table has for them, in cents. */
  readonly revenue: bigint;
}

/**
 * Looks rows up in the tables: events by their event_id, broken rows by their text, of which there
 * must be as many dead letters as equal rows up to this one.
 */
export async function findRows(query: Query, rows: readonly BehaviourRow[]): Promise<Found> {
  const [orders, clicks, deadLetters] = await Promise.all([
    findOrders(query, rows),
    findClicks(query, rows),
    countDeadLetters(query, rows),
  ]);
  const found = new Map<BehaviourRow, Destination>();
  let revenue = 0n;
  for (const row of rows) {
    const amount = orders.get(row.eventId);
    if (amount !== undefined) {
      found.set(row, "orders");
      revenue += amount;
    } else if (clicks.has(row.eventId)) {
      found.set(row, "clicks");
    } else if (row.broken !== undefined && (deadLetters.get(row.broken) ?? 0) > row.occurrence) {
      found.set(row, "dead_letters");
    }
  }
  return { rows: found, revenue };
}

/** The amounts in cents of the orders at the rows' times, by event_id. */
async function findOrders(
  query: Query,
  rows: readonly BehaviourRow[],
): Promise<ReadonlyMap<string, bigint>> {
  const times = timesOf(rows.filter(({ message }) => message.topic === "orders"));
  if (times === undefined) return new Map();
  const orders = await query(`SELECT event_id, amount FROM ecommerce_db.orders WHERE ${times}`);
  return new Map(
    orders.map(({ event_id: id, amount }) => [String(id), parseCents(String(amount)) ?? 0n]),
  );
}

async function findClicks(
  query: Query,
  rows: readonly BehaviourRow[],
): Promise<ReadonlySet<string>> {
  const times = timesOf(rows.filter(({ message }) => message.topic === "clicks"));
  if (times === undefined) return new Set();
  const clicks = await query(`SELECT event_id FROM ecommerce_db.clicks WHERE ${times}`);
  return new Set(clicks.map(({ event_id: id }) => String(id)));
}

/** SQL that holds for events at the times of the rows; undefined if none has a time. */
function timesOf(rows: readonly BehaviourRow[]): string | undefined {
  let first = Infinity;
  let last = -Infinity;
  for (const { time } of rows) {
    if (time === undefined) continue;
    first = Math.min(first, time);
    last = Math.max(last, time);
  }
  if (first > last) return undefined;
  // Ids of replayed rows are longer than those of the generator, whose events may be in their thousands.
  return `event_time BETWEEN ${timestamp(first)} AND ${timestamp(last)} AND length(event_id) = 64`;
}

/** A literal of a time, in ms since 1970. */
export function timestamp(milliseconds: number): string {
  return `TIMESTAMP '${new Date(milliseconds).toISOString().slice(0, -1).replace("T", " ")}'`;
}

/** How many dead letters there are of each broken line. */
async function countDeadLetters(
  query: Query,
  rows: readonly BehaviourRow[],
): Promise<ReadonlyMap<string, number>> {
  const counts = new Map<string, number>();
  for (const list of literalLists(rows)) {
    const letters = await query(
      `SELECT raw, count(*) AS copies FROM ecommerce_db.dead_letters WHERE raw IN (${list}) GROUP BY raw`,
    );
    for (const { raw, copies } of letters) counts.set(String(raw), Number(copies));
  }
  return counts;
}

/** The distinct broken lines as lists of SQL texts, none of them too long for one statement. */
function literalLists(rows: readonly BehaviourRow[]): string[] {
  const lists: string[] = [];
  let list = "";
  for (const line of new Set(rows.flatMap(({ broken }) => broken ?? []))) {
    const literal = `'${line.replaceAll("'", "''")}'`;
    if (list !== "" && list.length + literal.length > longestList) {
      lists.push(list);
      list = "";
    }
    list += list === "" ? literal : `, ${literal}`;
  }
  return list === "" ? lists : [...lists, list];
}

/** What became of a file's rows. */
export interface Tally {
  readonly rows: number;
  readonly orders: number;
  readonly clicks: number;
  readonly deadLetters: number;
  /** Sum of the orders' amounts, as a decimal text. */
  readonly revenue: string;
}

/** Adds up where rows were found. */
export class TallyKeeper {
  readonly #counts: Record<Destination, number> = { orders: 0, clicks: 0, dead_letters: 0 };
  #revenue = 0n;

  add({ rows, revenue }: Found): void {
    for (const destination of rows.values()) this.#counts[destination] += 1;
    this.#revenue += revenue;
  }

  get tally(): Tally {
    const { orders, clicks, dead_letters: deadLetters } = this.#counts;
    const rows = orders + clicks + deadLetters;
    return { rows, orders, clicks, deadLetters, revenue: formatCents(this.#revenue) };
  }
}
