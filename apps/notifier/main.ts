import { setTimeout as sleep } from "node:timers/promises";

import { readSecret } from "../environment.ts";
import { serveProbes } from "../producer/observability.ts";
import { connect } from "../query/client/flight-client.ts";
import { Redis } from "../redis/redis.ts";
import { DeadLetterQueue } from "./dead-letters.ts";
import { RedisLedger } from "./ledger.ts";
import { NotifierMetrics } from "./metrics.ts";
import type { Notice } from "./notice.ts";
import { Notifier } from "./notifier.ts";
import { readSettings, type Settings } from "./settings.ts";
import { Webhook } from "./webhook.ts";

/** How often the alerts are looked at, in ms. */
const interval = 2_000;
/** How long reading them may take, in seconds. */
const queryDeadlineSeconds = 10;

async function run(): Promise<void> {
  const settings = readSettings(process.env);
  const stop = new AbortController();
  const { signal } = stop;
  for (const name of ["SIGTERM", "SIGINT"]) {
    process.once(name, () => {
      stop.abort();
    });
  }
  const flight = connect({
    address: settings.FLIGHT_ADDRESS,
    username: await readSecret(settings.FLIGHT_USER_FILE),
    password: await readSecret(settings.FLIGHT_PASSWORD_FILE),
    deadlineSeconds: queryDeadlineSeconds,
  });
  const redis = new Redis({
    address: settings.REDIS_ADDRESS,
    username: await readSecret(settings.REDIS_USER_FILE),
    password: await readSecret(settings.REDIS_PASSWORD_FILE),
  });
  const queue = new DeadLetterQueue(settings.KAFKA_BROKERS.split(","));
  const metrics = new NotifierMetrics();
  const webhook = await openWebhook(settings, metrics, signal);
  const notifier = new Notifier({
    query: (sql) => flight.query(sql),
    ledger: new RedisLedger(redis),
    deliver: async (notice) => {
      await webhook.deliver(notice);
      metrics.notices.inc({ outcome: "delivered" });
      metrics.delay.observe((Date.now() - timeOf(notice)) / 1000);
    },
    bury: async (notice, reason) => {
      await queue.add(notice, reason);
      metrics.notices.inc({ outcome: "dead" });
      console.error(`given up: ${notice.alert.metric} ${notice.type}: ${reason}`);
    },
    signal,
  });

  let trouble: string | undefined = "nothing was read yet";
  const server = await serveProbes(settings.PORT, metrics.registry, () => trouble);
  while (!signal.aborted) {
    const before: string | undefined = trouble;
    trouble = await notifier.poll().then(
      () => undefined,
      (error: unknown) => (error instanceof Error ? error.message : String(error)),
    );
    if (trouble === undefined) metrics.lastPoll.setToCurrentTime();
    if (trouble !== before) console.log(trouble ?? "watching the alerts");
    await sleep(interval, undefined, { signal }).catch(() => undefined);
  }
  server.close();
  server.closeAllConnections();
  flight.close();
  redis.close();
  await queue.close();
}

async function openWebhook(
  settings: Settings,
  metrics: NotifierMetrics,
  signal: AbortSignal,
): Promise<Webhook> {
  const url = await readSecret(settings.WEBHOOK_URL_FILE);
  // Without the URL in the message, as it would be in URL's own.
  if (!URL.canParse(url)) throw new Error("WEBHOOK_URL_FILE holds no URL");
  const onFailure = (): void => {
    metrics.failedAttempts.inc();
  };
  return new Webhook({ url, format: settings.WEBHOOK_FORMAT, signal, onFailure });
}

function timeOf({ type, alert }: Notice): number {
  return Date.parse(type === "recovered" ? (alert.recoveredAt ?? alert.time) : alert.time);
}

try {
  await run();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
