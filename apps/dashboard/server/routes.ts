import type { Readable } from "node:stream";

import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";

import type { Board, Details } from "../api.ts";
import { BadRangeError, parseRange, type Range } from "../range.ts";
import type { Boards } from "./boards.ts";
import { type FeatureKey, type FeatureStore, problemOf } from "./features.ts";
import { messageOf } from "./feed.ts";
import type { KafkaSource } from "./pipeline/kafka.ts";
import { lastMessages, type PipelineFeed } from "./pipeline/pipeline.ts";
import { eventStream, type StreamSource } from "./stream.ts";
import type { Viewers } from "./viewers.ts";

/** What the endpoints tell about. */
export interface ApiSources {
  readonly boards: Boards;
  readonly pipeline: PipelineFeed;
  /** For the last messages of topics. */
  readonly kafka?: KafkaSource | undefined;
  readonly features?: FeatureStore | undefined;
  readonly viewers: Viewers;
}

/** What each endpoint takes of the board of its range. */
const boardEndpoints: Readonly<Record<string, (board: Board) => unknown>> = {
  "/api/status": ({ status }) => status,
  "/api/orders/latest": ({ orders }) => orders,
  "/api/alerts": ({ alerts }) => alerts,
  "/api/errors/latest": ({ errors }) => errors,
};

/** Those that need the details as well. */
const detailEndpoints: Readonly<Record<string, (board: Board, details: Details) => unknown>> = {
  "/api/kpis": ({ kpis }, { users }) => kpis && { ...kpis, users },
  "/api/series": ({ series }, { buyers }) => ({ ...series, buyers }),
  "/api/top": (_board, { top }) => top,
};

/** Adds the endpoints under /api. */
export function addApi(app: FastifyInstance, sources: ApiSources): void {
  const { boards } = sources;
  app.setErrorHandler((error, _request, reply) => {
    if (error instanceof BadRangeError) return reply.code(400).send({ error: error.message });
    return reply.send(error);
  });
  for (const [path, select] of Object.entries(boardEndpoints)) {
    app.get(path, async (request, reply) => {
      const board = await boards.of(rangeOf(request)).board.current();
      return answer(reply, board, select(board));
    });
  }
  for (const [path, select] of Object.entries(detailEndpoints)) {
    app.get(path, async (request, reply) => {
      const feeds = boards.of(rangeOf(request));
      const [board, details] = await Promise.all([feeds.board.current(), feeds.details.current()]);
      return answer(reply, board, select(board, details), details.detailStatus);
    });
  }
  addFeatures(app, sources);
  addPipeline(app, sources);
  addStream(app, sources);
}

function addFeatures(app: FastifyInstance, { features }: ApiSources): void {
  app.get<{ Params: FeatureKey }>("/api/features/:session/:product", async (request, reply) => {
    reply.header("cache-control", "no-store");
    const { session, product } = request.params;
    const problem = problemOf(request.params);
    if (problem !== undefined) return reply.code(400).send({ error: problem });
    if (features === undefined) {
      return reply.code(503).send({ error: "The dashboard was not told where Redis is" });
    }
    try {
      const data = await features.read(request.params);
      if (data !== undefined) return { data };
      const error = `There are no features of product ${product} in session ${session}`;
      return await reply.code(404).send({ error });
    } catch (error) {
      return reply.code(503).send({ error: `Redis cannot answer: ${messageOf(error)}` });
    }
  });
}

function addPipeline(app: FastifyInstance, { pipeline, kafka }: ApiSources): void {
  app.get("/api/pipeline", async (_request, reply) => {
    reply.header("cache-control", "no-store");
    return { data: (await pipeline.current()).pipeline };
  });
  app.get("/api/pipeline/messages", async (request, reply) => {
    reply.header("cache-control", "no-store");
    const topic = parametersOf(request).get("topic") ?? "";
    if (kafka === undefined) {
      return reply.code(503).send({ error: "The dashboard was not told where Kafka is" });
    }
    try {
      const data = await lastMessages(kafka, topic);
      if (data === undefined) return await reply.code(404).send({ error: `No topic "${topic}"` });
      return { data };
    } catch (error) {
      return reply.code(503).send({ error: `Kafka does not answer: ${messageOf(error)}` });
    }
  });
}

function addStream(app: FastifyInstance, { boards, pipeline, viewers }: ApiSources): void {
  app.get("/api/stream", async (request, reply) => {
    let watched: StreamSource[] = [pipeline];
    if (parametersOf(request).get("view") !== "pipeline") {
      const { board, details } = boards.of(rangeOf(request));
      watched = [board, details];
    }
    if (viewers.areMost) return reply.code(503).send({ error: "Too many viewers" });
    const { "last-event-id": lastEventId } = request.headers;
    const stream = viewers.counted(
      eventStream(watched, typeof lastEventId === "string" ? lastEventId : undefined),
    );
    return sendStream(request, reply, stream);
  });
}

async function sendStream(
  request: FastifyRequest,
  reply: FastifyReply,
  stream: Readable,
): Promise<FastifyReply> {
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
}

/** Together with the data goes how current they are. */
function answer(
  reply: FastifyReply,
  { status }: Board,
  data: unknown,
  details?: Details["detailStatus"],
): object {
  // Nothing could be read since the start: there is no answer, not an empty one.
  if (status.readAt === null || details?.readAt === null) reply.code(503);
  reply.header("cache-control", "no-store");
  return { status, ...(details && { details }), data };
}

function rangeOf(request: FastifyRequest): Range {
  return parseRange(parametersOf(request));
}

function parametersOf({ url }: FastifyRequest): URLSearchParams {
  return new URLSearchParams(url.split("?")[1] ?? "");
}
