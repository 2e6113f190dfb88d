import type { Redis } from "../../redis/redis.ts";
import type { Features } from "../api.ts";

/** Whose features are asked for. */
export interface FeatureKey {
  readonly session: string;
  readonly product: string;
}

/** Where features are read. */
export interface FeatureStore {
  /**
   * The features of a product in a session; undefined if there are none.
   * @throws Error that says why they cannot be read.
   */
  read(key: FeatureKey): Promise<Features | undefined>;
}

/** Longest name of a session, in characters. */
const longestSession = 200;
const session = /^[^\s\p{C}]+$/u;
const product = /^\d{1,19}$/;

/** Features that are whole numbers; the others are texts, the price among them. */
const numbers: ReadonlySet<string> = new Set([
  "user_id",
  "product_id",
  "event_weekday",
  "activity_count",
  "is_purchased",
]);

/** Why there can be no such key; undefined if there can. */
export function problemOf(key: FeatureKey): string | undefined {
  if (key.session.length > longestSession || !session.test(key.session)) {
    return `The session must be 1 to ${longestSession} characters without white space`;
  }
  return product.test(key.product) ? undefined : "The product must be a number of 1 to 19 digits";
}

/** The online store that k8s-jobs/features writes: a hash for each product of each session. */
export class OnlineStore implements FeatureStore {
  readonly #redis: Redis;

  constructor(redis: Redis) {
    this.#redis = redis;
  }

  async read(key: FeatureKey): Promise<Features | undefined> {
    const name = `session:${key.session}:product:${key.product}`;
    const fields = Object.entries(await this.#redis.ask((client) => client.hGetAll(name)));
    if (fields.length === 0) return undefined;
    return Object.fromEntries(
      fields.map(([field, text]) => [field, numbers.has(field) ? exactNumber(text) : text]),
    );
  }
}

/** The number, or its text where a number would not be exact. */
function exactNumber(text: string): number | string {
  const number = Number(text);
  return Number.isSafeInteger(number) && String(number) === text ? number : text;
}
