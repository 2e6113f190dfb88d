import { collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";

import type { Query } from "./rows.ts";
import type { Viewers } from "./viewers.ts";

/** What /metrics tells: the process, the queries, the viewers. */
export class DashboardMetrics {
  readonly registry = new Registry();
  readonly #queries: Histogram<"outcome">;

  constructor() {
    collectDefaultMetrics({ register: this.registry });
    this.#queries = new Histogram({
      name: "dashboard_query_seconds",
      help: "How long queries took",
      labelNames: ["outcome"],
      buckets: [0.01, 0.03, 0.1, 0.3, 1, 3, 10],
      registers: [this.registry],
    });
  }

  /** The same query function, with its time taken. */
  timed(query: Query): Query {
    return async (sql) => {
      const end = this.#queries.startTimer();
      try {
        const rows = await query(sql);
        end({ outcome: "answered" });
        return rows;
      } catch (error) {
        end({ outcome: "failed" });
        throw error;
      }
    };
  }

  observe(viewers: Viewers): void {
    new Gauge({
      name: "dashboard_viewers",
      help: "Browsers that are watching",
      registers: [this.registry],
      collect() {
        this.set(viewers.count);
      },
    });
  }
}
