import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { connect, FlightError } from "../../../../apps/query/client/flight-client.ts";
import { type QueryServer, startQueryServer } from "./query-server.ts";

let server: QueryServer;
const orders = "nessie_minio_catalog.ecommerce_db.orders";

beforeAll(async () => {
  server = await startQueryServer();
}, 60_000);
afterAll(() => server.stop());

const client = (options: { username?: string; password?: string; deadlineSeconds?: number } = {}) =>
  connect({
    address: `localhost:${server.port}`,
    username: server.username,
    password: server.password,
    ...options,
  });

/** What a query fails with. */
async function failure(query: Promise<unknown>): Promise<FlightError> {
  const error: unknown = await query.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof FlightError)) throw new Error(`not a FlightError: ${String(error)}`);
  return error;
}

describe("queries", () => {
  test("rows are plain objects with exact values", async () => {
    const flight = client();
    const rows = await flight.query(`SELECT * FROM ${orders} ORDER BY event_time`);
    expect(rows).toHaveLength(20);
    expect(rows[1]).toEqual({
      event_id: "event-1",
      event_time: "2026-11-21T00:00:01.000Z",
      amount: "0.01",
      quantity: 2,
      offset: 1,
      tags: ["new", null],
    });
    expect(rows[9]).toMatchObject({ amount: null, tags: null });
    flight.close();
  });

  test.each([
    ["-1.50::DECIMAL(18,2)", "-1.50"],
    ["-0.05::DECIMAL(18,2)", "-0.05"],
    ["0::DECIMAL(18,2)", "0.00"],
    [
      "12345678901234567890123456789012345.678::DECIMAL(38,3)",
      "12345678901234567890123456789012345.678",
    ],
    [
      "-99999999999999999999999999999999999999::DECIMAL(38,0)",
      "-99999999999999999999999999999999999999",
    ],
    ["NULL::DECIMAL(18,2)", null],
    ["9007199254740991", 9_007_199_254_740_991],
    ["9007199254740993", "9007199254740993"],
    ["-9223372036854775808", "-9223372036854775808"],
    ["18446744073709551615::UBIGINT", "18446744073709551615"],
    ["7::TINYINT", 7],
    ["sum(1)", 1],
    ["1.5::DOUBLE", 1.5],
    ["TRUE", true],
    ["NULL", null],
    ["'Grüße, 世界'", "Grüße, 世界"],
    ["''", ""],
    ["'ab'::BLOB", "YWI="],
    ["'b'::ENUM('a', 'b')", "b"],
    ["DATE '2019-10-01'", "2019-10-01"],
    ["DATE '1969-12-31'", "1969-12-31"],
    ["TIMESTAMPTZ '2019-10-01 02:00:00+02'", "2019-10-01T00:00:00.000Z"],
    ["TIMESTAMPTZ '1969-12-31 23:59:59.999999Z'", "1969-12-31T23:59:59.999999Z"],
    ["TIMESTAMP '2019-10-01 00:00:00.1234'", "2019-10-01T00:00:00.1234Z"],
    ["'2019-10-01 00:00:00'::TIMESTAMP_S", "2019-10-01T00:00:00.000Z"],
    ["'2019-10-01 00:00:00.25'::TIMESTAMP_MS", "2019-10-01T00:00:00.250Z"],
    ["'2019-10-01 00:00:00.000000001'::TIMESTAMP_NS", "2019-10-01T00:00:00.000000001Z"],
    ["TIME '10:11:12.5'", "10:11:12.500"],
    ["[1, NULL, 3]", [1, null, 3]],
    ["[]::INTEGER[]", []],
    ["[[-0.5::DECIMAL(3,1)], NULL]", [["-0.5"], null]],
    ["[1, 2]::INTEGER[2]", [1, 2]],
    ["{'a': 1, 'b': NULL, 'c': [DATE '2019-10-01']}", { a: 1, b: null, c: ["2019-10-01"] }],
    ["MAP {'x': 1.5::DECIMAL(3,1)}", { x: "1.5" }],
    ["uuid '00000000-0000-0000-0000-000000000001'", "00000000-0000-0000-0000-000000000001"],
  ])("%s is %j", async (expression, value) => {
    const flight = client();
    expect(await flight.query(`SELECT ${expression} AS value`)).toEqual([{ value }]);
    flight.close();
  });

  test("nulls keep their places, also in parts of a column", async () => {
    const flight = client();
    const sql = `
      SELECT i, CASE WHEN i % 3 = 0 THEN i::DECIMAL(18,2) END AS d, CASE WHEN i % 3 = 1 THEN [i] END AS l
      FROM range(40000) t(i)`;
    const rows = await flight.query(sql);
    expect(rows).toEqual(
      Array.from({ length: 40_000 }, (_, i) => ({
        i,
        d: i % 3 === 0 ? `${i}.00` : null,
        l: i % 3 === 1 ? [i] : null,
      })),
    );
    flight.close();
  });

  test("an empty result has no rows, and its table has columns", async () => {
    const flight = client();
    const sql = `SELECT event_id, amount FROM ${orders} WHERE quantity > 99`;
    expect(await flight.query(sql)).toEqual([]);
    expect((await flight.queryTable(sql)).schema.names).toEqual(["event_id", "amount"]);
    flight.close();
  });

  test("queries run side by side", async () => {
    const flight = client();
    const numbers = Array.from({ length: 20 }, (_, index) => index);
    const results = await Promise.all(
      numbers.map((n) => flight.query(`SELECT count(*) + ${n} AS n FROM ${orders}`)),
    );
    expect(results).toEqual(numbers.map((n) => [{ n: 20 + n }]));
    flight.close();
  });

  test("an address may be a URL", async () => {
    const { port, username, password } = server;
    const flight = connect({ address: `grpc://127.0.0.1:${port}`, username, password });
    expect(await flight.query("SELECT 1 AS one")).toEqual([{ one: 1 }]);
    flight.close();
  });
});

describe("failures", () => {
  test.each([
    ["SELEC 1", 'Parser Error: syntax error at or near "SELEC"\n\nLINE 1: SELEC 1\n        ^^^^^'],
    [
      "SELECT * FROM a.b",
      "There is no table a.b. The tables of nessie_minio_catalog are: ecommerce_db.orders",
    ],
    ["SELECT error('. Detail matters')", "Invalid Input Error: . Detail matters"],
  ])("%s is told in the server's words", async (sql, message) => {
    const flight = client();
    const error = await failure(flight.query(sql));
    expect(error.message).toBe(message);
    expect(error.code).toBe("UNKNOWN");
    expect(await flight.query("SELECT 1 AS one")).toEqual([{ one: 1 }]);
    flight.close();
  });

  test("a wrong password is refused", async () => {
    const flight = client({ password: "wrong" });
    const error = await failure(flight.query("SELECT 1"));
    expect(error.code).toBe("UNAUTHENTICATED");
    expect(error.message).toBe("User name or password is wrong");
    flight.close();
  });

  test("a query that takes too long ends at the deadline, and the next one works", async () => {
    const flight = client({ deadlineSeconds: 1 });
    const endless = "SELECT sum(a.range * b.range) FROM range(10000000) a, range(10000000) b";
    const begin = Date.now();
    const error = await failure(flight.query(endless));
    expect(error.code).toBe("DEADLINE_EXCEEDED");
    expect(Date.now() - begin).toBeLessThan(3500);
    expect(await flight.query("SELECT 1 AS one")).toEqual([{ one: 1 }]);
    flight.close();
  });
});

test("after a restart of the server, the same client signs in again", async () => {
  const first = await startQueryServer();
  const flight = connect({ ...first, address: `localhost:${first.port}` });
  expect(await flight.query("SELECT 1 AS one")).toEqual([{ one: 1 }]);
  await first.stop();
  expect((await failure(flight.query("SELECT 1"))).code).toBe("UNAVAILABLE");
  const second = await startQueryServer(first.port);
  // The token is of the first server: the second refuses it, and takes the password.
  expect(await flight.query(`SELECT count(*) AS n FROM ${orders}`)).toEqual([{ n: 20 }]);
  flight.close();
  await second.stop();
}, 60_000);
