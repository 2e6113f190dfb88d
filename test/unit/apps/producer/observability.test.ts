import type { Server } from "node:http";
import type { AddressInfo } from "node:net";

import { afterEach, expect, it } from "vitest";

import { type Observed, serveObservability } from "../../../../apps/producer/observability.ts";
import { Sender } from "../../../../apps/producer/sender.ts";

let server: Server;
afterEach(() => {
  server.close();
  server.closeAllConnections();
});

async function get(path: string): Promise<{ status: number; text: string }> {
  const { port } = server.address() as AddressInfo;
  const response = await fetch(`http://127.0.0.1:${port}${path}`);
  return { status: response.status, text: await response.text() };
}

it("is ready once Kafka takes what is sent, and tells what was acknowledged", async () => {
  const observed: { -readonly [Key in keyof Observed]: Observed[Key] } = {
    sender: undefined,
    malformed: 3,
  };
  server = await serveObservability(0, observed);
  expect(await get("/healthz")).toEqual({ status: 200, text: "ok\n" });
  expect(await get("/readyz")).toEqual({ status: 503, text: "not connected yet\n" });

  observed.sender = await Sender.create({
    partitions: () => Promise.resolve(1),
    append: () => Promise.resolve(),
    disconnect: () => Promise.resolve(),
  });
  await observed.sender.send([{ topic: "orders", key: "k", value: "v" }]);
  await observed.sender.flush();
  expect(await get("/readyz")).toEqual({ status: 200, text: "ok\n" });
  for (let scrape = 0; scrape < 2; scrape++) {
    const { text } = await get("/metrics");
    expect(text).toContain('producer_acknowledged_total{topic="orders"} 1\n');
    expect(text).toContain("producer_malformed_total 3\n");
    expect(text).toContain("producer_unacknowledged 0\n");
  }
  expect((await get("/other")).status).toBe(404);
});
