import { Kafka, logLevel } from "kafkajs";

import { stopIdleTimers } from "./kafkajs-timers.ts";

stopIdleTimers();

/**
 * Kafka for callers that try again by themselves, with a backoff and a deadline of their own, and
 * that tell what went wrong once they give up. kafkajs would try five times more and log each failure.
 *
 * @param clientId by which brokers' logs name it.
 * @param brokers `host:port` of some brokers; the others are learned from them.
 * @param options `requestTimeout`: how long a request may take, in ms. @default 30,000
 */
export function kafkaClient(
  clientId: string,
  brokers: readonly string[],
  options: { readonly requestTimeout?: number } = {},
): Kafka {
  return new Kafka({
    clientId,
    brokers: [...brokers],
    logLevel: logLevel.NOTHING,
    connectionTimeout: 3_000,
    retry: { retries: 1, initialRetryTime: 100 },
    ...options,
  });
}
