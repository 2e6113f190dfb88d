import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { OnlineStore, problemOf } from "../../../../apps/dashboard/server/features.ts";
import { Redis } from "../../../../apps/redis/redis.ts";
import { FakeRedis } from "../../../support/fake-redis.ts";
import { startApp, type TestApp } from "./test-app.ts";

const session = "26dd6e6e-4dac-4778-8d2c-92e149dab885";
const stored = {
  event_id: "5f1c",
  event_timestamp: "2019-10-01T00:00:09.000Z",
  user_id: "513903572",
  product_id: "28719074",
  user_session: session,
  price: "102.70",
  brand: "baden",
  category_code_level1: "apparel",
  category_code_level2: "shoes",
  event_weekday: "2",
  activity_count: "3",
  is_purchased: "0",
};

let server: FakeRedis;
let redis: Redis;
let dashboard: TestApp;

beforeEach(async () => {
  server = new FakeRedis("secret");
  server.hashes.set(`session:${session}:product:28719074`, stored);
  await server.start();
  redis = new Redis({ address: server.address, username: "serving", password: "secret" });
  await expect
    .poll(() => redis.ask((client) => client.get("any")).then(() => true, String))
    .toBe(true);
  dashboard = await startApp({ features: new OnlineStore(redis) });
});

afterEach(async () => {
  await dashboard.stop();
  redis.close();
  await server.stop();
});

const get = (path: string) => dashboard.app.inject(`/api/features/${path}`);

describe("the endpoint of features", () => {
  it("gives what the store has: numbers as numbers, the price as a text", async () => {
    const response = await get(`${session}/28719074`);
    expect(response.statusCode).toBe(200);
    expect(response.headers["cache-control"]).toBe("no-store");
    expect(response.json()).toEqual({
      data: {
        ...stored,
        user_id: 513_903_572,
        product_id: 28_719_074,
        event_weekday: 2,
        activity_count: 3,
        is_purchased: 0,
      },
    });
  });

  it("keeps whole numbers that a number would not hold", async () => {
    server.hashes.set(`session:s:product:1`, { user_id: "9007199254740993", brand: "007" });
    expect((await get("s/1")).json()).toEqual({
      data: { user_id: "9007199254740993", brand: "007" },
    });
  });

  it("finds a session whatever it is called", async () => {
    server.hashes.set("session:Größe/1:product:1", { brand: "a" });
    expect((await get(`${encodeURIComponent("Größe/1")}/1`)).json()).toEqual({
      data: { brand: "a" },
    });
  });

  it("says that there are none", async () => {
    const response = await get(`${session}/1`);
    expect(response.statusCode).toBe(404);
    expect(response.json()).toEqual({
      error: `There are no features of product 1 in session ${session}`,
    });
  });

  it.each([
    ["x/phone", "The product must be a number of 1 to 19 digits"],
    ["x/-1", "The product must be a number of 1 to 19 digits"],
    [`x/${"1".repeat(20)}`, "The product must be a number of 1 to 19 digits"],
    ["a%20b/1", "The session must be 1 to 200 characters without white space"],
    ["a%00b/1", "The session must be 1 to 200 characters without white space"],
    [`${"x".repeat(201)}/1`, "The session must be 1 to 200 characters without white space"],
  ])("refuses %s", async (path, error) => {
    const response = await get(path);
    expect(response.statusCode).toBe(400);
    expect(response.json()).toEqual({ error });
  });

  it("answers 503 with the reason while Redis is away, and everything else as ever", async () => {
    await server.stop();
    await expect
      .poll(async () => (await get(`${session}/28719074`)).json<{ error: string }>().error)
      .toMatch(/^Redis cannot answer: .*ECONNREFUSED/);
    expect((await get(`${session}/28719074`)).statusCode).toBe(503);
    expect((await dashboard.app.inject("/api/kpis")).statusCode).toBe(200);
    await server.start();
    await expect
      .poll(async () => (await get(`${session}/28719074`)).statusCode, { timeout: 5_000 })
      .toBe(200);
  });

  it("asks for the password as all of the API does", async () => {
    const locked = await startApp({ login: { username: "u", password: "p" } });
    const response = await locked.app.inject(`/api/features/${session}/28719074`);
    expect(response.statusCode).toBe(401);
    await locked.stop();
  });

  it("says so if there is no store", async () => {
    const without = await startApp();
    const response = await without.app.inject(`/api/features/${session}/28719074`);
    expect(response.statusCode).toBe(503);
    expect(response.json()).toEqual({ error: "The dashboard was not told where Redis is" });
    await without.stop();
  });
});

it("a key is a session and a number", () => {
  expect(problemOf({ session, product: "0" })).toBeUndefined();
  expect(problemOf({ session: "", product: "0" })).toContain("session");
});
