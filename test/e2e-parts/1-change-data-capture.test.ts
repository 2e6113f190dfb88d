import { isDeepStrictEqual } from "node:util";

import { Client } from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { kill } from "../support/faults.ts";
import { eventually, sql, sqlRow } from "../support/lakehouse.ts";
import { type OrderChange, orderChanges } from "../support/shop-orders.ts";
import { endpointFrom } from "../e2e/provider-harness.ts";

type Row = Record<string, string | null>;

/** Every column as text, so that two systems that print values differently can be compared. */
const asText = (columns: readonly string[], time: string): string =>
  [
    ...columns.map((column) => `CAST(${column} AS VARCHAR) AS ${column}`),
    `${time} AS changed`,
  ].join(", ");
const columns = ["order_id", "customer", "product", "quantity", "amount", "status", "note"];
const inPostgres = asText(columns, "(extract(epoch FROM updated_at) * 1000000)::bigint::text");
const inLakehouse = asText(columns, "CAST(epoch_us(updated_at) AS VARCHAR)");

describe("the captured table", () => {
  let shop: Client;

  beforeAll(async () => {
    const { host, port, username, password } = endpointFrom("LAKEHOUSE_TEST_POSTGRES") as Record<
      string,
      string
    >;
    shop = new Client({
      host: String(host),
      port: Number(port),
      user: String(username),
      password: String(password),
      database: "shop",
    });
    await shop.connect();
  });

  afterAll(() => shop.end());

  const source = async (): Promise<Row[]> =>
    (await shop.query<Row>(`SELECT ${inPostgres} FROM public.orders AS o ORDER BY o.order_id`))
      .rows;
  const captured = (): Promise<Row[]> =>
    sql<Row>(`SELECT ${inLakehouse} FROM ecommerce_db.shop_orders AS o ORDER BY o.order_id`);

  async function make(changes: Iterator<OrderChange>, count: number): Promise<void> {
    for (let made = 0; made < count; made++) {
      const { text, values } = changes.next().value as OrderChange;
      expect((await shop.query(text, [...values])).rowCount, text).toBe(1);
    }
  }

  /** Waits until both sides are the same, and tells how many rows that is. */
  async function expectEqual(): Promise<number> {
    const expected = await source();
    const rows = await eventually(
      "the rows of Postgres in the lakehouse",
      captured,
      (now) => isDeepStrictEqual(now, expected),
      240,
    );
    return rows.length;
  }

  it("equals its source row for row after 1,000 mixed changes, with Connect killed in the middle", async () => {
    const changes = orderChanges(2026);
    await make(changes, 500);
    await eventually(
      "the first rows in the lakehouse",
      () => sqlRow("SELECT count(*) AS n FROM ecommerce_db.shop_orders"),
      (row) => Number(row["n"]) > 0,
    );
    const killed = kill("Kafka Connect");
    await make(changes, 500);
    await killed;
    expect(await expectEqual()).toBeGreaterThan(100);
  });

  it("is empty once its source is truncated, and goes on from there", async () => {
    await shop.query("TRUNCATE public.orders");
    expect(await expectEqual()).toBe(0);
    await make(orderChanges(1), 20);
    expect(await expectEqual()).toBeGreaterThan(0);
  });

  it("left out no message", async () => {
    const letters = await sql(
      "SELECT reason, raw FROM ecommerce_db.dead_letters WHERE topic = 'shop.public.orders'",
    );
    expect(letters).toEqual([]);
  });
});
