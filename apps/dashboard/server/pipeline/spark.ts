import { z } from "zod";

import type { StreamingQuery } from "../../api.ts";
import { getJson } from "./http.ts";

const metrics = z.object({ gauges: z.record(z.string(), z.object({ value: z.unknown() })) });
const version = z.object({ spark: z.string() });

/** Spark registers three gauges a query, after `<application>.driver.spark.streaming.<query>`. */
const gauge =
  /\.driver\.spark\.streaming\.(?<query>.+)\.(?<figure>inputRate-total|processingRate-total|latency)$/;

/** What a driver's UI tells. */
export interface SparkAnswer {
  readonly version: string;
  readonly queries: readonly StreamingQuery[];
}

/**
 * Asks a driver's UI. Its REST interface knows nothing of structured streaming; the metrics servlet
 * does if the driver has `spark.sql.streaming.metricsEnabled=true`, else there are no queries.
 * @param uri base address of the UI
 */
export async function readSpark(uri: string): Promise<SparkAnswer> {
  const [about, answer] = await Promise.all([
    getJson(`${uri}/api/v1/version`),
    getJson(`${uri}/metrics/json/`),
  ]);
  return { version: version.parse(about).spark, queries: streamingQueries(answer) };
}

/** The streaming queries among all metrics of a driver. */
export function streamingQueries(answer: unknown): StreamingQuery[] {
  const figures = Object.entries(metrics.parse(answer).gauges).flatMap(([name, { value }]) => {
    const { query, figure } = gauge.exec(name)?.groups ?? {};
    return query === undefined || figure === undefined ? [] : [{ query, figure, value }];
  });
  return [...Map.groupBy(figures, ({ query }) => query)]
    .map(([name, own]) => {
      const figure = (wanted: string): number | null => {
        const value = own.find((each) => each.figure === wanted)?.value;
        // Before the first batch a rate is "NaN".
        return typeof value === "number" && Number.isFinite(value) ? value : null;
      };
      return {
        name,
        inputRate: figure("inputRate-total"),
        processingRate: figure("processingRate-total"),
        batchMilliseconds: figure("latency"),
      };
    })
    .toSorted((one, other) => one.name.localeCompare(other.name));
}
