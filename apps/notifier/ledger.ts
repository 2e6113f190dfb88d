import type { Redis } from "../redis/redis.ts";
import type { NoticeType } from "./notice.ts";

/** Remembers what has been told of which alert, also after a restart. */
export interface Ledger {
  /** Whether anything was ever remembered. */
  isNew(): Promise<boolean>;
  /** From now on it is not new. */
  open(): Promise<void>;
  /** The last thing told of each alert; null for those of which nothing was. */
  told(alertIds: readonly string[]): Promise<(NoticeType | null)[]>;
  remember(alertId: string, told: NoticeType): Promise<void>;
}

/**
 * How long an alert is remembered, in seconds: longer than it is looked at, which ends a day after
 * it is over. The longest incident that can be configured takes four days.
 */
const lifetime = 7 * 24 * 60 * 60;

const opened = "notifier:opened";
const keyOf = (alertId: string): string => `notifier:alert:${alertId}`;

/** A ledger in Redis, a key for each alert. */
export class RedisLedger implements Ledger {
  readonly #redis: Redis;

  constructor(redis: Redis) {
    this.#redis = redis;
  }

  async isNew(): Promise<boolean> {
    const [since] = await this.#redis.ask((client) => client.mGet([opened]));
    return since === null;
  }

  async open(): Promise<void> {
    await this.#redis.ask((client) => client.set(opened, new Date().toISOString()));
  }

  async told(alertIds: readonly string[]): Promise<(NoticeType | null)[]> {
    if (alertIds.length === 0) return [];
    const states = await this.#redis.ask((client) => client.mGet(alertIds.map(keyOf)));
    return states.map((state) => (state === "raised" || state === "recovered" ? state : null));
  }

  async remember(alertId: string, told: NoticeType): Promise<void> {
    await this.#redis.ask((client) =>
      client.set(keyOf(alertId), told, { expiration: { type: "EX", value: lifetime } }),
    );
  }
}
