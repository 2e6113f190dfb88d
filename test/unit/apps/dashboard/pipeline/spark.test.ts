import { describe, expect, it } from "vitest";

import { streamingQueries } from "../../../../../apps/dashboard/server/pipeline/spark.ts";

const gauges = {
  "spark-1a2b.driver.BlockManager.memory.memUsed_MB": { value: 3 },
  "spark-1a2b.driver.spark.streaming.events.inputRate-total": { value: 1234.5 },
  "spark-1a2b.driver.spark.streaming.events.processingRate-total": { value: 22120.1 },
  "spark-1a2b.driver.spark.streaming.events.latency": { value: 812 },
  "spark-1a2b.driver.spark.streaming.events.eventTime-watermark": { value: "" },
  "spark-1a2b.driver.spark.streaming.alerts.inputRate-total": { value: "NaN" },
};

describe("streamingQueries", () => {
  it("finds rates and duration of each query among all metrics of the driver", () => {
    expect(streamingQueries({ version: "4.0.0", gauges })).toEqual([
      { name: "alerts", inputRate: null, processingRate: null, batchMilliseconds: null },
      { name: "events", inputRate: 1234.5, processingRate: 22120.1, batchMilliseconds: 812 },
    ]);
  });

  it("finds nothing where metrics of streaming are off", () => {
    expect(streamingQueries({ gauges: {} })).toEqual([]);
  });

  it("refuses what is no answer of Spark", () => {
    expect(() => streamingQueries("<html>")).toThrow();
  });
});
