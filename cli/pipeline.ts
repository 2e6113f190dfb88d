import { setTimeout as sleep } from "node:timers/promises";

import pRetry, { type Options as RetryOptions } from "p-retry";

import type { Query } from "../apps/producer/arrivals.ts";
import { connectSender } from "../apps/producer/connect.ts";
import type { Sender } from "../apps/producer/sender.ts";
import { FlightError } from "../apps/query/client/flight-client.ts";
import { connection } from "./connection.ts";
import { UserError } from "./errors.ts";

/** How long Kafka may take to answer at the start, in ms. */
const kafkaPatience = 20_000;
/** How long the tables may go without gaining a row that is still awaited, in ms. */
const arrivalPatience = 5 * 60_000;
/** A query engine that restarts is waited for, about a minute. */
const queryRetries: RetryOptions = {
  retries: 8,
  minTimeout: 500,
  maxTimeout: 10_000,
  shouldRetry: ({ error }) =>
    error instanceof FlightError && ["UNAVAILABLE", "DEADLINE_EXCEEDED"].includes(error.code),
};
/** How often the tables are looked at, and progress is shown, in ms. */
export const pollInterval = 1_000;

/**
 * Works with both ends of a deployed stack: what sends events, and what asks the tables for them.
 * @throws UserError if either cannot be reached.
 */
export async function withPipeline<Result>(
  stack: string,
  work: (sender: Sender, query: Query) => Promise<Result>,
): Promise<Result> {
  const { kafka, flight } = await connection(stack);
  const sender = await connectSender(kafka.brokers, kafkaPatience);
  try {
    return await work(sender, (sql) => pRetry(() => flight.query(sql), queryRetries));
  } catch (error) {
    if (!(error instanceof FlightError)) throw error;
    throw new UserError(`The tables cannot be read: ${error.message}`, {
      cure: "`npm run status` tells whether the query engine runs. Then replay the file again: what is there already is not added twice.",
      cause: error,
    });
  } finally {
    flight.close();
  }
}

/**
 * Looks at the tables until they hold `wanted` rows, and returns what was seen last.
 * @param countOf how many of the rows an answer shows.
 * @throws UserError when none of those that are missing has come for five minutes.
 */
export async function untilArrived<Answer>(
  wanted: number,
  look: () => Promise<Answer>,
  countOf: (answer: Answer) => number,
): Promise<Answer> {
  let most = 0;
  let deadline = Date.now() + arrivalPatience;
  for (;;) {
    const answer = await look();
    const count = countOf(answer);
    if (count >= wanted) return answer;
    if (count > most) deadline = Date.now() + arrivalPatience;
    most = Math.max(most, count);
    if (Date.now() > deadline) throw missing(wanted - count);
    await sleep(pollInterval);
  }
}

function missing(rows: number): UserError {
  return new UserError(`${rows} rows were sent and acknowledged but are in no table yet`, {
    cure: "`npm run logs streaming` tells what the streaming job is doing. Once it runs, replay the file again: what is there already is not added twice.",
  });
}

/** A share for progress displays. */
export function percent(part: number, whole: number): string {
  return whole === 0 ? "100 %" : `${Math.floor((100 * part) / whole)} %`;
}
