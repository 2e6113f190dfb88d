import pRetry from "p-retry";

import type { Alert } from "../dashboard/api.ts";
import { alertOf } from "../dashboard/server/latest.ts";
import type { Query } from "../dashboard/server/rows.ts";
import { timestamp } from "../dashboard/server/sql.ts";
import type { Ledger } from "./ledger.ts";
import type { Notice, NoticeType } from "./notice.ts";
import { WebhookError } from "./webhook.ts";

/**
 * Alerts are looked at until a day after their time or, if it comes later, their recovery, in ms. So
 * long may this program, or the streaming job, be away without an alert being lost; what is older
 * when it is found, as a replay of old data may bring it, is nobody's emergency any more.
 */
const horizon = 24 * 60 * 60_000;
/** Notices on their way at a time: one that waits for its next attempt does not hold up all others. */
const lanes = 4;

/** What a notifier works with. */
export interface NotifierParts {
  readonly query: Query;
  readonly ledger: Ledger;
  /** Sends a notice; a WebhookError says that it never will be taken. */
  readonly deliver: (notice: Notice) => Promise<void>;
  /** Keeps a notice that could not be delivered. */
  readonly bury: (notice: Notice, reason: string) => Promise<void>;
  /** Ends the work after the attempts that are under way. */
  readonly signal?: AbortSignal;
}

/**
 * Tells of each alert once that it is there, and once that it is over. What was told is remembered
 * after the webhook took it, so that a crash between the two tells it again, with the same id.
 */
export class Notifier {
  readonly #parts: NotifierParts;

  constructor(parts: NotifierParts) {
    this.#parts = parts;
  }

  /**
   * Looks at the alerts and tells what is new. The very first time everything that is there counts
   * as told: alerts are delivered from then on.
   * @throws Error if the alerts or what was told of them cannot be read, or the signal ends the work.
   */
  async poll(): Promise<void> {
    const { query, ledger } = this.#parts;
    const from = timestamp(Date.now() - horizon);
    const rows = await query(
      `SELECT * FROM ecommerce_db.alerts WHERE alert_time >= ${from} OR recovered_at >= ${from}
       ORDER BY alert_time, alert_id`,
    );
    const alerts = rows.map(alertOf);
    if (await ledger.isNew()) {
      await Promise.all(alerts.map(({ alertId }) => ledger.remember(alertId, "recovered")));
      await ledger.open();
      return;
    }
    const told = await ledger.told(alerts.map(({ alertId }) => alertId));
    // What is still to be told; lanes take from it one after the other.
    const waiting = alerts
      .map((alert, index) => ({ alert, due: dueNotices(alert, told[index] ?? null) }))
      .values();
    const ends = await Promise.allSettled(
      Array.from({ length: lanes }, async () => {
        for (const { alert, due } of waiting) {
          for (const type of due) await this.#tell({ type, alert });
        }
      }),
    );
    const failed = ends.find((end) => end.status === "rejected");
    if (failed !== undefined) throw failed.reason;
  }

  async #tell(notice: Notice): Promise<void> {
    const { ledger, deliver, bury, signal } = this.#parts;
    signal?.throwIfAborted();
    try {
      await deliver(notice);
    } catch (error) {
      if (!(error instanceof WebhookError)) throw error;
      await this.#untilDone(() => bury(notice, error.message));
    }
    await this.#untilDone(() => ledger.remember(notice.alert.alertId, notice.type));
  }

  /**
   * Nothing may be told again only because Redis or Kafka was away for a while. What was delivered
   * while the signal came is remembered all the same.
   */
  async #untilDone(work: () => Promise<void>): Promise<void> {
    await pRetry(work, {
      retries: Infinity,
      minTimeout: 250,
      maxTimeout: 5_000,
      shouldRetry: () => this.#parts.signal?.aborted !== true,
    });
  }
}

const order: readonly NoticeType[] = ["raised", "recovered"];

/** What is still to be told of an alert, in order. */
export function dueNotices({ recoveredAt }: Alert, told: NoticeType | null): NoticeType[] {
  const begin = told === null ? 0 : order.indexOf(told) + 1;
  return order.slice(begin, recoveredAt === null ? 1 : 2);
}
