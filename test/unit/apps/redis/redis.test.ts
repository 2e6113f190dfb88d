import { afterEach, beforeEach, expect, it } from "vitest";

import { Redis } from "../../../../apps/redis/redis.ts";
import { FakeRedis } from "../../../support/fake-redis.ts";

let server: FakeRedis;
let redis: Redis;

const connect = (password: string, patience = 1_000): Redis =>
  new Redis({ address: server.address, username: "serving", password, patience });

const ask = (): Promise<string | null> => redis.ask((client) => client.get("key"));

beforeEach(async () => {
  server = new FakeRedis("secret");
  server.texts.set("key", "value");
  await server.start();
});

afterEach(async () => {
  redis.close();
  await server.stop();
});

it("answers many questions over one connection", async () => {
  redis = connect("secret");
  await expect.poll(ask).toBe("value");
  const answers = await Promise.all(Array.from({ length: 100 }, ask));
  expect(new Set(answers)).toEqual(new Set(["value"]));
  expect(server.connections).toBe(1);
});

it("fails at once while there is no server, says why, and goes on when it is back", async () => {
  await server.stop();
  redis = connect("secret");
  await expect.poll(() => ask().catch(String)).toContain("ECONNREFUSED");
  await server.start();
  await expect.poll(ask, { timeout: 5_000 }).toBe("value");
  await server.stop();
  await expect(ask()).rejects.toThrow();
  await server.start();
  await expect.poll(ask, { timeout: 5_000 }).toBe("value");
});

it("says that the password is wrong", async () => {
  redis = connect("guess");
  await expect.poll(() => ask().catch(String)).toContain("WRONGPASS");
});

it("waits no longer than its patience, and then takes another connection", async () => {
  redis = connect("secret", 100);
  await expect.poll(ask).toBe("value");
  server.isMute = true;
  await expect(ask()).rejects.toThrow("no answer within 100 ms");
  server.isMute = false;
  await expect.poll(ask, { timeout: 5_000 }).toBe("value");
});

it("passes on what Redis refuses", async () => {
  redis = connect("secret");
  await expect.poll(ask).toBe("value");
  await expect(redis.ask((client) => client.del("key"))).rejects.toThrow("NOPERM");
});
