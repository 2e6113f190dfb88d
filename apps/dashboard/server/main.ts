import { existsSync } from "node:fs";
import { join } from "node:path";

import { readSecret } from "../../environment.ts";
import { connect } from "../../query/client/flight-client.ts";
import { Redis } from "../../redis/redis.ts";
import { createApp } from "./app.ts";
import { readAccess } from "./access/access.ts";
import { Boards } from "./boards.ts";
import { OnlineStore } from "./features.ts";
import { DashboardMetrics } from "./metrics.ts";
import { KafkaReader } from "./pipeline/kafka.ts";
import { pipelineFeed } from "./pipeline/pipeline.ts";
import { queued } from "./queries.ts";
import { readSettings, type Settings } from "./settings.ts";
import { Viewers } from "./viewers.ts";

/** A query that takes longer tells viewers that something is wrong. */
const queryDeadlineSeconds = 30;

/** The built client: beside the bundle in the image, or where Vite puts it in the repository. */
const publicFolder = [
  join(import.meta.dirname, "public"),
  join(import.meta.dirname, "../dist/public"),
].find(existsSync);

/** Nobody waits for it: all but the features is served without it. */
async function openRedis(settings: Settings): Promise<Redis | undefined> {
  const { REDIS_ADDRESS: address, REDIS_USER_FILE: user, REDIS_PASSWORD_FILE: password } = settings;
  if (address === undefined) return undefined;
  return new Redis({
    address,
    username: await readSecret(user ?? ""),
    password: await readSecret(password ?? ""),
  });
}

async function run(): Promise<void> {
  if (publicFolder === undefined) {
    throw new Error(
      "The client is not built: npx vite build --config apps/dashboard/client/vite.config.ts",
    );
  }
  const settings = readSettings(process.env);
  const flight = connect({
    address: settings.FLIGHT_ADDRESS,
    username: await readSecret(settings.FLIGHT_USER_FILE),
    password: await readSecret(settings.FLIGHT_PASSWORD_FILE),
    deadlineSeconds: queryDeadlineSeconds,
  });
  const metrics = new DashboardMetrics();
  const query = queued(metrics.timed((sql) => flight.query(sql)));
  const viewers = new Viewers();
  metrics.observe(viewers);
  const { KAFKA_BROKERS: brokers, NESSIE_URI: nessieUri, SPARK_UI_URI: sparkUri } = settings;
  const kafka = brokers === undefined ? undefined : new KafkaReader(brokers.split(","));
  const redis = await openRedis(settings);
  const app = await createApp({
    boards: new Boards(query),
    pipeline: pipelineFeed({ query, kafka, nessieUri, sparkUri }),
    kafka,
    features: redis && metrics.timedFeatures(new OnlineStore(redis)),
    viewers,
    metrics: metrics.registry,
    publicFolder,
    ...(await readAccess(settings)),
    proxyHops: settings.PROXY_HOPS,
  });
  console.log(`listening at ${await app.listen({ host: "0.0.0.0", port: settings.PORT })}`);

  for (const signal of ["SIGTERM", "SIGINT"]) {
    process.once(signal, () => {
      void app.close().then(async () => {
        flight.close();
        redis?.close();
        await kafka?.close();
      });
    });
  }
}

try {
  await run();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
