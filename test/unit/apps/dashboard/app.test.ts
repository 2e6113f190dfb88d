import type { FastifyInstance } from "fastify";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

import type { FakeTables } from "./fake-tables.ts";
import { startApp, type TestApp } from "./test-app.ts";

let dashboard: TestApp;
let app: FastifyInstance;
let tables: FakeTables;

beforeEach(async () => {
  dashboard = await startApp();
  ({ app, tables } = dashboard);
});

afterEach(() => dashboard.stop());

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

  it("is the same for each of its addresses", async () => {
    expect((await app.inject("/pipeline?range=24h")).body).toBe("<!doctype html>");
  });

  it("asks for a password if there is one", async () => {
    const { app: locked, stop } = await startApp({
      login: { username: "u", password: "p" },
    });
    const headers = { accept: "text/html" };
    expect((await locked.inject({ url: "/", headers })).headers.location).toBe("/login?next=%2F");
    expect((await locked.inject("/api/kpis")).statusCode).toBe(401);
    expect((await locked.inject("/assets/index-1.js")).statusCode).toBe(401);
    expect((await locked.inject("/healthz")).statusCode).toBe(200);
    await stop();
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
    "/api/top?range=24h",
    "/api/kpis?from=2019-10-01T02:00Z&to=2019-10-01T03:00Z",
  ])("answers %s with how current it is", async (path) => {
    const response = await app.inject(path);
    expect(response.statusCode).toBe(200);
    expect(response.headers["cache-control"]).toBe("no-store");
    expect(response.json()).toHaveProperty("data");
    expect(response.json()).toMatchObject({ status: { state: "live", isHistoric: true } });
  });

  it("puts totals and users together", async () => {
    expect((await app.inject("/api/kpis?range=15m")).json()).toMatchObject({
      data: { orders: 2, users: { activeUsers: 40, conversion: 0.25 } },
      details: { problem: null },
    });
  });

  it("refuses a range that makes no sense", async () => {
    for (const path of ["/api/kpis", "/api/stream"]) {
      const response = await app.inject(`${path}?range=2h`);
      expect(response.statusCode).toBe(400);
      expect(response.json()).toEqual({
        error: '`range` must be one of 15m, 1h, 24h, all, not "2h"',
      });
    }
  });

  it("tells about the pipeline and the last messages of a topic", async () => {
    expect((await app.inject("/api/pipeline")).json()).toMatchObject({
      data: { topics: [{ name: "orders" }] },
    });
    const messages = await app.inject("/api/pipeline/messages?topic=orders");
    expect(messages.json()).toMatchObject({ data: { messages: [{ value: "{}" }] } });
    expect((await app.inject("/api/pipeline/messages?topic=no")).statusCode).toBe(404);
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
