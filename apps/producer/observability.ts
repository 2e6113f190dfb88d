import { createServer, type Server } from "node:http";

import { collectDefaultMetrics, Counter, Gauge, Registry } from "prom-client";

import { topics } from "./events.ts";
import type { Sender } from "./sender.ts";

/** What the endpoints tell about. */
export interface Observed {
  /** Undefined until Kafka was reached. */
  readonly sender: Sender | undefined;
  /** Events that were broken on purpose. */
  readonly malformed: number;
}

/** Serves the endpoints of the producer; it is ready while Kafka takes what is sent. */
export function serveObservability(port: number, observed: Observed): Promise<Server> {
  return serveProbes(port, createMetrics(observed), () =>
    observed.sender ? observed.sender.trouble?.message : "not connected yet",
  );
}

/**
 * Serves `/healthz` (the process is alive), `/readyz` (it can do its work) and `/metrics`.
 *
 * @param port 0 lets the system choose one.
 * @param problem why it cannot do its work; undefined if it can.
 */
export async function serveProbes(
  port: number,
  metrics: Registry,
  problem: () => string | undefined,
): Promise<Server> {
  const server = createServer((request, response) => {
    const answer = (status: number, text: string, type = "text/plain"): void => {
      response.writeHead(status, { "content-type": type }).end(text);
    };
    switch (request.url) {
      case "/healthz":
        answer(200, "ok\n");
        return;
      case "/readyz": {
        const reason = problem();
        answer(reason === undefined ? 200 : 503, `${reason ?? "ok"}\n`);
        return;
      }
      case "/metrics":
        metrics.metrics().then(
          (text) => {
            answer(200, text, metrics.contentType);
          },
          (error: unknown) => {
            answer(500, `${String(error)}\n`);
          },
        );
        return;
      default:
        answer(404, "not found\n");
    }
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject).listen(port, resolve);
  });
  return server;
}

function createMetrics(observed: Observed): Registry {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  new Counter({
    name: "producer_acknowledged_total",
    help: "Events that Kafka has acknowledged",
    labelNames: ["topic"],
    registers: [registry],
    collect() {
      this.reset();
      for (const topic of topics) this.inc({ topic }, observed.sender?.acknowledged[topic] ?? 0);
    },
  });
  new Counter({
    name: "producer_retries_total",
    help: "Requests to Kafka that failed and were made again",
    registers: [registry],
    collect() {
      this.reset();
      this.inc(observed.sender?.retries ?? 0);
    },
  });
  new Counter({
    name: "producer_malformed_total",
    help: "Events that were made to break the contract",
    registers: [registry],
    collect() {
      this.reset();
      this.inc(observed.malformed);
    },
  });
  new Gauge({
    name: "producer_unacknowledged",
    help: "Events that wait for Kafka",
    registers: [registry],
    collect() {
      this.set(observed.sender?.unacknowledged ?? 0);
    },
  });
  return registry;
}
