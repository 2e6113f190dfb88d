import { afterAll, beforeAll, expect, it } from "vitest";

import { Redis } from "../../apps/redis/redis.ts";
import { clusterForStack, requireDeployment } from "../../cli/deployment.ts";
import { dashboardConnection } from "../../cli/connection.ts";
import { readLogin } from "../../cli/workloads.ts";
import { nodePorts } from "../../components/ports.ts";
import { eventually, lakehouse, stack } from "../support/lakehouse.ts";

const connections: Redis[] = [];
/** As the user that may do everything. */
let redis: Redis;
/** As the user of the dashboard. */
let serving: Redis;

async function connect(secret: string): Promise<Redis> {
  const { cluster, kubeconfig } = await requireDeployment(stack);
  const port = (await clusterForStack(stack, cluster)).hostPort(nodePorts.redis);
  const login = await readLogin(kubeconfig, secret);
  if (login === null) throw new Error(`there is no Secret ${secret}`);
  const connected = new Redis({ address: `localhost:${port}`, ...login });
  connections.push(connected);
  return connected;
}

beforeAll(async () => {
  redis = await connect("redis");
  serving = await connect("redis-serving");
});

afterAll(() => {
  for (const each of connections) each.close();
});

/** A key that the features job has written, and what is stored there. */
async function storedFeatures() {
  const { keys } = await eventually(
    "features in the online store, as the tests of the feature pipeline leave them",
    () => redis.ask((client) => client.scan("0", { MATCH: "session:*", COUNT: 1_000 })),
    (page) => page.keys.length > 0,
  );
  const [, session = "", product = ""] = /^session:(.*):product:(\d+)$/.exec(keys[0] ?? "") ?? [];
  const stored = await redis.ask((client) => client.hGetAll(keys[0] ?? ""));
  return { session, product, stored };
}

it("serves what the online store has, over HTTP and on the command line", async () => {
  const { session, product, stored } = await storedFeatures();
  const { exitCode, stdout, stderr } = await lakehouse("features", session, product, "--json");
  expect(exitCode, stderr).toBe(0);
  const shown = JSON.parse(stdout) as Record<string, string | number>;
  expect(
    Object.fromEntries(Object.entries(shown).map(([name, value]) => [name, String(value)])),
  ).toEqual({ ...stored });
  expect(shown).toMatchObject({
    user_session: session,
    price: expect.stringMatching(/^\d+\.\d\d$/) as string,
    activity_count: expect.any(Number) as number,
  });

  const { url, headers } = await dashboardConnection(stack);
  const path = `${url}/api/features/${encodeURIComponent(session)}/${product}`;
  expect((await fetch(path)).status).toBe(401);
  const times: number[] = [];
  for (let request = 0; request < 500; request++) {
    const begin = performance.now();
    const response = await fetch(path, { headers });
    expect(await response.json()).toEqual({ data: shown });
    times.push(performance.now() - begin);
  }
  const sorted = times.toSorted((one, other) => one - other);
  const [median, p95, p99] = [0.5, 0.95, 0.99].map((share) =>
    sorted[Math.floor(share * sorted.length)]?.toFixed(2),
  );
  console.log(`features: p50 ${median} ms, p95 ${p95} ms, p99 ${p99} ms over 500 requests`);
});

it("says that there are none", async () => {
  const { exitCode, stdout, stderr } = await lakehouse("features", "no-such-session", "1");
  expect(exitCode).toBe(1);
  expect(stdout).toBe("");
  expect(stderr).toContain("There are no features of product 1 in session no-such-session");
});

it("reads as a user that may do nothing else", async () => {
  const refused = async (question: Parameters<typeof serving.ask>[0]) =>
    expect(serving.ask(question)).rejects.toThrow(/NOPERM/);
  await eventually(
    "a connection",
    () => serving.ask((client) => client.hGetAll("session:x:product:1")),
    () => true,
  );
  await refused((client) => client.hSet("session:x:product:1", "brand", "x"));
  await refused((client) => client.hGetAll("notifier:x"));
  await refused((client) => client.flushAll());
});
