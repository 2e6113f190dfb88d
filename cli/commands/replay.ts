import { setTimeout as sleep } from "node:timers/promises";

import Table from "cli-table3";
import type { Command } from "commander";
import pRetry, { type Options as RetryOptions } from "p-retry";

import { findRows, type Query, type Tally, TallyKeeper } from "../../apps/producer/arrivals.ts";
import {
  type BehaviourCsv,
  inspectBehaviourCsv,
  readBehaviourCsv,
} from "../../apps/producer/behaviour-csv.ts";
import { connectSender } from "../../apps/producer/connect.ts";
import { inChunks, parseSpeed, replayFile, type Speed } from "../../apps/producer/replay.ts";
import type { Sender } from "../../apps/producer/sender.ts";
import { FlightError } from "../../apps/query/client/flight-client.ts";
import { connection } from "../connection.ts";
import { UserError } from "../errors.ts";
import { jsonOption, stackOption } from "../options.ts";
import type { Progress } from "../progress.ts";
import { runSteps } from "../steps.ts";

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
const pollInterval = 1_000;

/** `npm run replay FILE`: sends a behaviour CSV and waits until every row is in its table. */
export function register(program: Command): void {
  program
    .command("replay")
    .description("replay a behaviour CSV, and wait until the tables hold all of it")
    .argument("<file>", "the CSV, plain or compressed with gzip")
    .option("--speed <factor>", 'times real speed, or "max"', "max")
    .addOption(stackOption())
    .addOption(jsonOption())
    .action(async (path: string, options: ReplayCommandOptions) => {
      const summary = await replay(path, parseSpeed(options.speed), options.stack);
      process.stdout.write(options.json ? `${JSON.stringify(summary)}\n` : describe(summary));
    });
}

interface ReplayCommandOptions {
  readonly speed: string;
  readonly stack: string;
  readonly json: boolean;
}

/** What became of the file: rows = orders + clicks + deadLetters = added + alreadyThere. */
export interface ReplaySummary extends Tally {
  readonly file: string;
  /** Rows that this replay brought into the tables. */
  readonly added: number;
  /** Rows that were there before. */
  readonly alreadyThere: number;
  /** From the first row sent until the last was seen in its table. */
  readonly seconds: number;
}

/**
 * Replays a file. Rows that the tables hold already are not sent again, so replaying a file twice
 * adds nothing, and a replay that was cut off can be made again.
 *
 * @throws UserError if anything is wrong with the file or the platform; nothing has been sent then
 *   unless the error says so.
 */
export async function replay(path: string, speed: Speed, stack: string): Promise<ReplaySummary> {
  let file: BehaviourCsv | undefined;
  await runSteps([
    {
      title: `Reading ${path}`,
      run: async () => {
        file = await inspectBehaviourCsv(path);
        return `${file.rows} rows`;
      },
    },
  ]);
  if (file === undefined) throw new Error("The file was not inspected");

  const { kafka, flight } = await connection(stack);
  const sender = await connectSender(kafka.brokers, kafkaPatience);
  try {
    return await replayInto(file, speed, sender, (sql) =>
      pRetry(() => flight.query(sql), queryRetries),
    );
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
 * Sends the rows of an inspected file that the tables lack, closes the sender and waits until the
 * tables hold every row.
 */
export async function replayInto(
  file: BehaviourCsv,
  speed: Speed,
  sender: Sender,
  query: Query,
): Promise<ReplaySummary> {
  const startedAt = Date.now();
  let alreadyThere = 0;
  let tally: Tally | undefined;
  await runSteps([
    {
      title: "Sending",
      run: async (progress) => {
        alreadyThere = await send(file, speed, sender, query, progress);
        const sent = `${file.rows - alreadyThere} rows sent`;
        return alreadyThere === 0 ? sent : `${sent}, ${alreadyThere} were there already`;
      },
    },
    {
      title: "Waiting until the tables hold every row",
      run: async (progress) => {
        tally = await waitForRows(file, query, progress);
      },
    },
  ]);
  if (tally === undefined) throw new Error("The rows were not awaited");
  return {
    file: file.path,
    ...tally,
    added: file.rows - alreadyThere,
    alreadyThere,
    seconds: Math.round((Date.now() - startedAt) / 100) / 10,
  };
}

/** Sends what the tables do not hold yet; returns how many rows they held. */
async function send(
  file: BehaviourCsv,
  speed: Speed,
  sender: Sender,
  query: Query,
  progress: Progress,
): Promise<number> {
  const startedAt = Date.now();
  let alreadyThere = 0;
  const acknowledged = (): number => sender.acknowledged.orders + sender.acknowledged.clicks;
  const display = setInterval(() => {
    const rate = Math.round((acknowledged() * 1000) / (Date.now() - startedAt));
    const trouble = sender.trouble ? `; trying again: ${sender.trouble.message}` : "";
    progress(`${percent(acknowledged() + alreadyThere, file.rows)}, ${rate} rows/s${trouble}`);
  }, pollInterval);
  const interrupt = new AbortController();
  const onInterrupt = (): void => {
    interrupt.abort();
  };
  process.once("SIGINT", onInterrupt);
  try {
    await replayFile(file, sender, speed, {
      signal: interrupt.signal,
      choose: async (rows) => {
        const found = await findRows(query, rows);
        alreadyThere += found.rows.size;
        return rows.filter((row) => !found.rows.has(row));
      },
    });
    if (interrupt.signal.aborted) {
      throw new UserError(`Interrupted after ${acknowledged()} rows were sent`, {
        cure: "Replay the file again for the rest: what is there already is not added twice.",
      });
    }
  } finally {
    clearInterval(display);
    process.removeListener("SIGINT", onInterrupt);
    await sender.close();
  }
  return alreadyThere;
}

/** Reads the file once more and waits, some thousand rows at a time, until the tables hold them. */
async function waitForRows(file: BehaviourCsv, query: Query, progress: Progress): Promise<Tally> {
  const keeper = new TallyKeeper();
  for await (const rows of inChunks(readBehaviourCsv(file))) {
    let most = 0;
    let deadline = Date.now() + arrivalPatience;
    for (;;) {
      const found = await findRows(query, rows);
      progress(percent(keeper.tally.rows + found.rows.size, file.rows));
      if (found.rows.size === rows.length) {
        keeper.add(found);
        break;
      }
      if (found.rows.size > most) deadline = Date.now() + arrivalPatience;
      most = Math.max(most, found.rows.size);
      if (Date.now() > deadline) throw missing(rows.length - found.rows.size);
      await sleep(pollInterval);
    }
  }
  return keeper.tally;
}

function missing(rows: number): UserError {
  return new UserError(`${rows} rows were sent and acknowledged but are in no table yet`, {
    cure: "`npm run logs streaming` tells what the streaming job is doing. Once it runs, replay the file again: what is there already is not added twice.",
  });
}

function percent(part: number, whole: number): string {
  return whole === 0 ? "100 %" : `${Math.floor((100 * part) / whole)} %`;
}

function describe(summary: ReplaySummary): string {
  const table = new Table({ colAligns: ["left", "right"], style: { border: [] } });
  table.push(
    ["rows in the file", summary.rows],
    ["orders", summary.orders],
    ["clicks", summary.clicks],
    ["dead letters", summary.deadLetters],
    ["revenue", summary.revenue],
    ["new", summary.added],
    ["there already", summary.alreadyThere],
  );
  return `${table.toString()}\nEvery row is in its table, ${summary.seconds} s after the first was sent.\n`;
}
