import type { Query } from "../../../../apps/dashboard/server/rows.ts";
import type { Row } from "../../../../apps/query/client/flight-client.ts";

/** A row of kpis_per_minute as the Flight client gives it. */
export function kpiRow(start: string, changes: Row = {}): Row {
  return {
    window_start: start,
    orders: 2,
    revenue: "20.10",
    active_users: 5,
    clicks: 7,
    carts: 1,
    errors: 1,
    ...changes,
  };
}

/** Parts of a query by which it is recognised, and the name of its answer. */
const questions = [
  ["COUNT(DISTINCT CASE", "users"],
  ["buyer_minutes", "buyers"],
  ["GROUP BY product_id", "products"],
  ["GROUP BY category", "categories"],
] as const;

/**
 * Answers each query by what it asks for, and remembers what it was asked. Of the KPIs it answers
 * only for the times that the query bounds, by the minute.
 */
export class FakeTables {
  readonly tables: Record<string, readonly Row[]> = {
    kpis_per_minute: [],
    users: [{ active_users: 40, buyers: 10 }],
  };
  readonly asked: string[] = [];
  failure: Error | undefined;

  readonly query: Query = (sql) => {
    this.asked.push(sql);
    if (this.failure !== undefined) return Promise.reject(this.failure);
    if (sql.includes("kpis_per_minute")) return Promise.resolve(this.#kpis(sql));
    const [, name] = questions.find(([part]) => sql.includes(part)) ?? [];
    const table = /FROM ecommerce_db\.(\w+)/.exec(sql)?.[1] ?? "";
    return Promise.resolve(this.tables[name ?? table] ?? []);
  };

  /** Queries that contain a text. */
  askedFor(part: string): string[] {
    return this.asked.filter((sql) => sql.includes(part));
  }

  #kpis(sql: string): readonly Row[] {
    const rows = (this.tables["kpis_per_minute"] ?? []).toSorted(
      (one, other) => Date.parse(startOf(one)) - Date.parse(startOf(other)),
    );
    if (sql.includes("DESC LIMIT 1")) return rows.slice(-1);
    if (sql.includes("ASC LIMIT 1")) return rows.slice(0, 1);
    const [from = "", to = ""] = [...sql.matchAll(/TIMESTAMP '([^']+)'/g)].map(
      ([, time = ""]) => `${time.replace(" ", "T")}Z`,
    );
    return rows
      .filter((row) => startOf(row) >= from && startOf(row) < to)
      .map((row) => ({
        ...row,
        bucket_start: startOf(row),
        minute_count: 1,
        user_minutes: row["active_users"] ?? 0,
      }));
  }
}

/** The start of a minute of KPIs. */
export function startOf(row: Row): string {
  const { window_start: start } = row;
  return typeof start === "string" ? start : "";
}
