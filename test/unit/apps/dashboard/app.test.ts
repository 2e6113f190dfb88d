import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import type { FastifyInstance } from "fastify";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { createApp } from "../../../../apps/dashboard/server/app.ts";
import { Board } from "../../../../apps/dashboard/server/board.ts";
import { DashboardMetrics } from "../../../../apps/dashboard/server/metrics.ts";
import { FakeTables, kpiRow } from "./fake-tables.ts";

let folder: string;
let tables: FakeTables;
let board: Board;
let app: FastifyInstance;
/** Where the app listens, once it does. */
let address: string | undefined;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "dashboard-"));
  await mkdir(join(folder, "assets"));
  await writeFile(join(folder, "index.html"), "<!doctype html>");
  await writeFile(join(folder, "assets/index-1.js"), "");
  tables = new FakeTables();
  tables.tables["kpis_per_minute"] = [kpiRow("2019-10-01T02:50:00.000Z")];
  const metrics = new DashboardMetrics();
  board = new Board(metrics.timed(tables.query));
  metrics.observe(board);
  app = await createApp({ board, metrics: metrics.registry, publicFolder: folder });
});

afterEach(async () => {
  await app.close();
  address = undefined;
  await rm(folder, { recursive: true });
});

describe("the page", () => {
  it("may only load what its own server has", async () => {
    const { statusCode, headers } = await app.inject("/");
    expect(statusCode).toBe(200);
    expect(headers["content-security-policy"]).toContain("default-src 'none'; script-src 'self'");
    expect(headers["x-content-type-options"]).toBe("nosniff");
    expect(headers["cache-control"]).toBe("no-cache");
  });

  it("keeps its assets for good", async () => {
    const { headers } = await app.inject("/assets/index-1.js");
    expect(headers["cache-control"]).toBe("public, max-age=31536000, immutable");
  });

  it("is not confused with other files", async () => {
    expect((await app.inject("/../app.test.ts")).statusCode).toBe(404);
    expect((await app.inject("/nothing")).statusCode).toBe(404);
  });
});

describe("the API", () => {
  it.each([
    "/api/status",
    "/api/kpis",
    "/api/series",
    "/api/orders/latest",
    "/api/alerts",
    "/api/errors/latest",
    "/api/pipeline",
  ])("answers %s with how current it is", async (path) => {
    const response = await app.inject(path);
    expect(response.statusCode).toBe(200);
    expect(response.headers["cache-control"]).toBe("no-store");
    expect(response.json()).toHaveProperty("data");
    expect(response.json()).toMatchObject({ status: { state: "live", isHistoric: true } });
  });

  it("answers 503 with the reason when nothing can be read", async () => {
    tables.failure = new Error("nobody listens");
    const response = await app.inject("/api/kpis");
    expect(response.statusCode).toBe(503);
    expect(response.json()).toMatchObject({
      status: { state: "loading", problem: "nobody listens" },
      data: null,
    });
  });

  it("is healthy whatever the query engine does", async () => {
    tables.failure = new Error("nobody listens");
    expect((await app.inject("/healthz")).statusCode).toBe(200);
  });

  it("counts queries and viewers", async () => {
    await app.inject("/api/kpis");
    const { body } = await app.inject("/metrics");
    expect(body).toMatch(/dashboard_query_seconds_count\{outcome="answered"\} [1-9]/);
    expect(body).toContain("dashboard_viewers 0\n");
  });
});

interface ServerSentEvent {
  readonly id: string;
  readonly event: string;
  readonly data: unknown;
}

/** Reads events of a real connection until `isEnough`. */
async function readEvents(
  isEnough: (events: readonly ServerSentEvent[]) => boolean,
  headers: Record<string, string> = {},
): Promise<ServerSentEvent[]> {
  address ??= await app.listen({ port: 0 });
  const stop = new AbortController();
  const response = await fetch(`${address}/api/stream`, { headers, signal: stop.signal });
  expect(response.headers.get("content-type")).toBe("text/event-stream; charset=utf-8");
  let text = "";
  const events: ServerSentEvent[] = [];
  if (response.body === null) throw new Error("The stream has no body");
  for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
    const blocks = (text + chunk).split("\n\n");
    text = blocks.pop() ?? "";
    for (const block of blocks) {
      const [, id = "", event = "", data = ""] =
        /^id: (.*)\nevent: (.*)\ndata: (.*)$/.exec(block) ?? [];
      if (event !== "") events.push({ id, event, data: JSON.parse(data) as unknown });
    }
    if (isEnough(events)) break;
  }
  stop.abort();
  return events;
}

describe("the stream", () => {
  it("sends every section, then each that changes", async () => {
    const events = await readEvents((some) =>
      some.some(({ data }) => data !== null && some.length > 7),
    );
    expect(events.slice(0, 7).map(({ event }) => event)).toEqual([
      "status",
      "kpis",
      "series",
      "orders",
      "alerts",
      "errors",
      "pipeline",
    ]);
    expect(events[0]?.data).toMatchObject({ state: "loading" });
    expect(events[7]).toMatchObject({ event: "status", data: { state: "live" } });
  });

  it("sends one who comes back only what changed meanwhile", async () => {
    await board.current();
    const before = await readEvents((some) => some.length >= 7);
    const lastId =
      before
        .map(({ id }) => id)
        .toSorted(byVersion)
        .at(-1) ?? "";
    const after = await readEvents((some) => some.length >= 1, { "last-event-id": lastId });
    // Only the time of reading moves on.
    expect(after.map(({ event }) => event)).toEqual(["status"]);
    const stranger = await readEvents((some) => some.length >= 7, { "last-event-id": "other-1" });
    expect(stranger.length).toBeGreaterThanOrEqual(7);
  });

  it("stops watching when the viewer leaves", async () => {
    await readEvents((some) => some.length >= 7);
    await expect.poll(() => board.watchers).toBe(0);
  });
});

function byVersion(one: string, other: string): number {
  return Number(one.split("-")[1]) - Number(other.split("-")[1]);
}
