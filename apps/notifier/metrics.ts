import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from "prom-client";

/** What /metrics tells. */
export class NotifierMetrics {
  readonly registry = new Registry();
  /** Notices by what became of them. */
  readonly notices: Counter<"outcome">;
  readonly failedAttempts: Counter;
  /** From the alert's time, or its recovery, until the webhook took it. */
  readonly delay: Histogram;
  /** When the alerts were last looked at, and all that was new was dealt with. */
  readonly lastPoll: Gauge;

  constructor() {
    const registers = [this.registry];
    collectDefaultMetrics({ register: this.registry });
    this.notices = new Counter({
      name: "notifier_notices_total",
      help: "Notices that were delivered, or given up and kept in Kafka",
      labelNames: ["outcome"],
      registers,
    });
    this.failedAttempts = new Counter({
      name: "notifier_failed_attempts_total",
      help: "Requests to the webhook that failed",
      registers,
    });
    this.delay = new Histogram({
      name: "notifier_delay_seconds",
      help: "From an alert's time, or its recovery, until the webhook took it",
      buckets: [1, 3, 10, 30, 100, 300, 1000],
      registers,
    });
    this.lastPoll = new Gauge({
      name: "notifier_last_poll_timestamp_seconds",
      help: "When all alerts were last looked at and dealt with",
      registers,
    });
  }
}
