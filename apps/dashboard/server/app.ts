import staticFiles from "@fastify/static";
import Fastify, { type FastifyInstance } from "fastify";
import type { Registry } from "prom-client";

import type { SectionName } from "../api.ts";
import type { Board } from "./board.ts";
import { eventStream } from "./stream.ts";

/** More viewers than this are refused: each holds a connection open. */
const mostViewers = 200;

/** The endpoint of each section. */
const endpoints: Readonly<Record<string, SectionName>> = {
  "/api/status": "status",
  "/api/kpis": "kpis",
  "/api/series": "series",
  "/api/orders/latest": "orders",
  "/api/alerts": "alerts",
  "/api/errors/latest": "errors",
  "/api/pipeline": "pipeline",
};

/** The page brings everything along and talks to its own server alone. */
const securityHeaders = {
  "content-security-policy":
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; " +
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "permissions-policy": "camera=(), geolocation=(), microphone=()",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
};

export interface AppOptions {
  readonly board: Board;
  readonly metrics: Registry;
  /** Folder of the built client. */
  readonly publicFolder: string;
}

/** The dashboard's HTTP interface. */
export async function createApp({
  board,
  metrics,
  publicFolder,
}: AppOptions): Promise<FastifyInstance> {
  const app = Fastify({ forceCloseConnections: true });
  app.addHook("onRequest", (_request, reply, done) => {
    reply.headers(securityHeaders);
    done();
  });

  for (const [path, name] of Object.entries(endpoints)) {
    app.get(path, async (_request, reply) => {
      const sections = await board.current();
      // Nothing could be read since the start: there is no answer, not an empty one.
      if (sections.status.readAt === null) reply.code(503);
      reply.header("cache-control", "no-store");
      return { status: sections.status, data: sections[name] };
    });
  }

  app.get("/api/stream", async (request, reply) => {
    if (board.watchers >= mostViewers) {
      return reply.code(503).send({ error: "Too many viewers" });
    }
    const { "last-event-id": lastEventId } = request.headers;
    const stream = eventStream(board, typeof lastEventId === "string" ? lastEventId : undefined);
    request.raw.once("close", () => {
      stream.destroy();
    });
    return reply
      .headers({
        "content-type": "text/event-stream; charset=utf-8",
        "cache-control": "no-store",
        "x-accel-buffering": "no",
      })
      .send(stream);
  });

  app.get("/healthz", () => "ok\n");
  app.get("/metrics", async (_request, reply) => {
    reply.header("content-type", metrics.contentType);
    return metrics.metrics();
  });

  await app.register(staticFiles, {
    root: publicFolder,
    // Names of assets carry a hash of their content; the page that names them is always asked for.
    setHeaders: (reply, path) => {
      const isAsset = path.includes("/assets/");
      reply.header("cache-control", isAsset ? "public, max-age=31536000, immutable" : "no-cache");
    },
  });
  return app;
}
