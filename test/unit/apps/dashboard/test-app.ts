import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import type { FastifyInstance } from "fastify";

import type { Login } from "../../../../apps/dashboard/server/access/credentials.ts";
import type { OidcOptions } from "../../../../apps/dashboard/server/access/oidc/sign-in.ts";
import { createApp } from "../../../../apps/dashboard/server/app.ts";
import { Boards } from "../../../../apps/dashboard/server/boards.ts";
import type { FeatureStore } from "../../../../apps/dashboard/server/features.ts";
import { DashboardMetrics } from "../../../../apps/dashboard/server/metrics.ts";
import type { KafkaSource } from "../../../../apps/dashboard/server/pipeline/kafka.ts";
import { pipelineFeed } from "../../../../apps/dashboard/server/pipeline/pipeline.ts";
import { Viewers } from "../../../../apps/dashboard/server/viewers.ts";
import { FakeTables, kpiRow } from "./fake-tables.ts";

/** The whole server over tables and a Kafka that are made up. */
export interface TestApp {
  readonly app: FastifyInstance;
  readonly tables: FakeTables;
  readonly boards: Boards;
  readonly viewers: Viewers;
  readonly stop: () => Promise<void>;
}

interface TestAppOptions {
  readonly login?: Login;
  readonly oidc?: OidcOptions;
  readonly features?: FeatureStore;
}

const kafka: KafkaSource = {
  topics: () =>
    Promise.resolve([{ name: "orders", partitions: [{ partition: 0, low: 0, high: 1 }] }]),
  lastMessages: () =>
    Promise.resolve([
      { partition: 0, offset: "0", timestamp: 0, key: null, value: Buffer.from("{}") },
    ]),
};

/** @param options who may see it, everybody if it is left out, and where its features are */
export async function startApp({ login, oidc, features }: TestAppOptions = {}): Promise<TestApp> {
  const folder = await mkdtemp(join(tmpdir(), "dashboard-"));
  await mkdir(join(folder, "assets"));
  await writeFile(join(folder, "index.html"), "<!doctype html>");
  await writeFile(join(folder, "assets/index-1.js"), "");
  const tables = new FakeTables();
  tables.tables["kpis_per_minute"] = [kpiRow("2019-10-01T02:50:00.000Z")];
  const metrics = new DashboardMetrics();
  const query = metrics.timed(tables.query);
  const boards = new Boards(query);
  const viewers = new Viewers();
  metrics.observe(viewers);
  const app = await createApp({
    ...{ boards, kafka, features: features && metrics.timedFeatures(features), viewers },
    ...{ login, oidc },
    pipeline: pipelineFeed({ query, kafka }),
    metrics: metrics.registry,
    publicFolder: folder,
  });
  return {
    ...{ app, tables, boards, viewers },
    async stop() {
      await app.close();
      await rm(folder, { recursive: true });
    },
  };
}
