import { readFile } from "node:fs/promises";

/** A row of a behaviour CSV, as far as its features depend on it. */
interface Row {
  /** `2019-10-01T00:00:00.000Z`, which sorts as times do. */
  readonly time: string;
  readonly product: string;
  readonly isPurchased: boolean;
  readonly price: string;
  readonly brand: string;
  readonly category: string;
}

/** What the features of a behaviour CSV must be, counted here without any code of the product. */
export interface FeatureTruth {
  readonly rows: number;
  readonly purchases: number;
  /** The rows of each session. */
  readonly sessions: ReadonlyMap<string, readonly Row[]>;
  /** Pairs of session and product. */
  readonly pairs: number;
}

/** Counts a behaviour CSV whose fields hold no quotes or commas, straight from its text. */
export async function featureTruth(file: string): Promise<FeatureTruth> {
  const [, ...lines] = (await readFile(file, "utf8")).split(/\r?\n/).filter((line) => line !== "");
  const sessions = new Map<string, Row[]>();
  let rows = 0;
  let purchases = 0;
  for (const line of lines) {
    const [time = "", type = "", product = "", , category = "", brand = "", price = "", , session] =
      line.split(",");
    if (session === undefined) continue;
    const isPurchased = type === "purchase";
    rows += 1;
    purchases += isPurchased ? 1 : 0;
    const own = sessions.get(session) ?? [];
    own.push({
      time: `${time.slice(0, 10)}T${time.slice(11, 19)}.000Z`,
      product,
      isPurchased,
      price: Number(price).toFixed(2),
      brand: brand === "" ? "unknown" : brand,
      category,
    });
    sessions.set(session, own);
  }
  const pairs = [...sessions.values()]
    .map((own) => new Set(own.map(({ product }) => product)).size)
    .reduce((sum, products) => sum + products, 0);
  return { rows, purchases, sessions, pairs };
}

/**
 * What the hash of a session and product may hold, but for ids: one of its latest rows. Of rows of
 * one time that with the highest event id is the latest, which is not known here.
 */
export function expectedHashes(
  rows: readonly Row[],
  session: string,
  product: string,
): Record<string, string>[] {
  const own = rows.filter((row) => row.product === product);
  const time = own.map((row) => row.time).reduce((one, other) => (one > other ? one : other));
  return own
    .filter((row) => row.time === time)
    .map((row) => {
      const [level1 = "", level2 = ""] = row.category.split(".");
      return {
        event_timestamp: time,
        user_session: session,
        product_id: product,
        price: row.price,
        brand: row.brand,
        category_code_level1: level1 === "" ? "unknown" : level1,
        category_code_level2: level2 === "" ? "unknown" : level2,
        event_weekday: String(new Date(time).getUTCDay()),
        activity_count: String(rows.filter((other) => other.time <= time).length),
        is_purchased: row.isPurchased ? "1" : "0",
      };
    });
}
