import { collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";

import type { FeatureStore } from "./features.ts";
import type { Query } from "./rows.ts";
import type { Viewers } from "./viewers.ts";

/** What /metrics tells: the process, the queries, the viewers. */
export class DashboardMetrics {
  readonly registry = new Registry();
  readonly #queries: Histogram<"outcome">;
  readonly #features: Histogram<"outcome">;

  constructor() {
    collectDefaultMetrics({ register: this.registry });
    this.#queries = new Histogram({
      name: "dashboard_query_seconds",
      help: "How long queries took",
      labelNames: ["outcome"],
      buckets: [0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30],
      registers: [this.registry],
    });
    this.#features = new Histogram({
      name: "dashboard_features_seconds",
      help: "How long the online store took to answer",
      labelNames: ["outcome"],
      buckets: [0.0005, 0.001, 0.002, 0.005, 0.01, 0.1, 1],
      registers: [this.registry],
    });
  }

  /** The same query function, with its time taken. */
  timed(query: Query): Query {
    return (sql) => timed(this.#queries, () => query(sql));
  }

  /** The same store, with its time taken. */
  timedFeatures(store: FeatureStore): FeatureStore {
    return { read: (key) => timed(this.#features, () => store.read(key)) };
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

async function timed<Answer>(
  times: Histogram<"outcome">,
  ask: () => Promise<Answer>,
): Promise<Answer> {
  const end = times.startTimer();
  try {
    const answer = await ask();
    end({ outcome: "answered" });
    return answer;
  } catch (error) {
    end({ outcome: "failed" });
    throw error;
  }
}
