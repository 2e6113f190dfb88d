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
    error_rate: 0.1,
    ...changes,
  };
}

/** Answers each query by the table it names, and remembers what it was asked. */
export class FakeTables {
  readonly tables: Record<string, readonly Row[]> = {
    kpis_per_minute: [],
    orders: [],
    errors: [],
    clicks: [],
    alerts: [],
    dead_letters: [{ letters: 0, latest: null }],
  };
  readonly asked: string[] = [];
  failure: Error | undefined;

  readonly query: Query = (sql) => {
    this.asked.push(sql);
    if (this.failure !== undefined) return Promise.reject(this.failure);
    const table = /FROM ecommerce_db\.(\w+)/.exec(sql)?.[1] ?? "";
    return Promise.resolve(this.tables[table] ?? []);
  };

  /** How often the KPIs were read. */
  get rounds(): number {
    return this.asked.filter((sql) => sql.includes("kpis_per_minute")).length;
  }
}
