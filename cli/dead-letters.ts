import { once } from "node:events";
import { createReadStream, createWriteStream } from "node:fs";
import { createInterface } from "node:readline";
import { finished } from "node:stream/promises";

import Table from "cli-table3";

import { type Query, timestamp } from "../apps/producer/arrivals.ts";
import { parseRepaired, readDeadLetters, type Repaired } from "../apps/producer/dead-letters.ts";
import type { Topic } from "../apps/producer/events.ts";
import type { Sender } from "../apps/producer/sender.ts";
import { regularFileSize } from "../apps/producer/text-lines.ts";
import { connection } from "./connection.ts";
import { UserError } from "./errors.ts";
import { percent, untilArrived, withPipeline } from "./pipeline.ts";
import { runSteps } from "./steps.ts";

/** Event ids in one statement. */
const idsAtATime = 1_000;

/**
 * Writes the dead letters of a topic as JSON lines, for somebody to repair them.
 * @param out the file; standard output without it.
 * @throws UserError if they cannot be read or written.
 */
export async function exportDeadLetters(
  topic: Topic,
  out: string | undefined,
  stack: string,
): Promise<void> {
  const { kafka, flight } = await connection(stack);
  flight.close();
  const target = out === undefined ? process.stdout : createWriteStream(out);
  try {
    if (out !== undefined) await once(target, "open");
    const count = await readDeadLetters(kafka.brokers, topic, async (letter) => {
      if (!target.write(`${JSON.stringify(letter)}\n`)) await once(target, "drain");
    });
    if (out !== undefined) await finished(target.end());
    process.stderr.write(`${count} dead letters of ${topic}\n`);
  } catch (cause) {
    throw new UserError(
      `The dead letters of ${topic} cannot be exported: ${cause instanceof Error ? cause.message : String(cause)}`,
      { cure: "`npm run status` tells whether Kafka is ready; check where --out leads.", cause },
    );
  }
}

/** A line that was not sent. */
export interface RefusedLine {
  readonly line: number;
  readonly reason: string;
}

/** The lines of a file of repaired dead letters. */
export interface RepairedFile {
  /** Each event once. */
  readonly letters: readonly Repaired[];
  /** Lines with an event that an earlier line has as well. */
  readonly repeated: number;
  readonly refused: readonly RefusedLine[];
}

/** What became of a file: lines = added + alreadyThere + repeated + refused. */
export interface ResentSummary {
  readonly file: string;
  readonly topic: Topic;
  /** Events that are in their table because of this file. */
  readonly added: number;
  /** Events that were there before. */
  readonly alreadyThere: number;
  readonly repeated: number;
  readonly refused: readonly RefusedLine[];
}

/**
 * Reads repaired dead letters and checks each against the contract; nothing is sent.
 * @throws UserError if the file cannot be read.
 */
export async function readRepaired(topic: Topic, path: string): Promise<RepairedFile> {
  await regularFileSize(path);
  const letters = new Map<string, Repaired>();
  const refused: RefusedLine[] = [];
  let repeated = 0;
  let line = 0;
  for await (const text of createInterface({
    input: createReadStream(path),
    crlfDelay: Infinity,
  })) {
    line += 1;
    if (text.trim() === "") continue;
    const letter = parseRepaired(topic, text);
    if (typeof letter === "string") refused.push({ line, reason: letter });
    else if (letters.has(letter.eventId)) repeated += 1;
    else letters.set(letter.eventId, letter);
  }
  return { letters: [...letters.values()], repeated, refused };
}

/**
 * Sends repaired dead letters and waits until their table holds them. What is there already is not
 * sent, and what breaks the contract neither.
 * @throws UserError if the file cannot be read, holds nothing to send, or the platform is away.
 */
export async function resendDeadLetters(
  topic: Topic,
  path: string,
  stack: string,
): Promise<ResentSummary> {
  const file = await readRepaired(topic, path);
  const { refused, repeated } = file;
  if (file.letters.length === 0) {
    return { file: path, topic, added: 0, alreadyThere: 0, repeated, refused };
  }
  return withPipeline(stack, (sender, query) => resendInto(topic, path, file, sender, query));
}

/** Sends what the table lacks, closes the sender and waits until the table holds every event. */
export async function resendInto(
  topic: Topic,
  path: string,
  { letters, repeated, refused }: RepairedFile,
  sender: Sender,
  query: Query,
): Promise<ResentSummary> {
  let added = 0;
  await runSteps([
    {
      title: "Sending",
      run: async () => {
        try {
          const known = await findEvents(query, topic, letters);
          const lacking = letters.filter(({ eventId }) => !known.has(eventId));
          added = lacking.length;
          await sender.send(lacking.map(({ message }) => message));
        } finally {
          await sender.close();
        }
        return `${added} events sent`;
      },
    },
    {
      title: "Waiting until the table holds every event",
      run: async (progress) => {
        await untilArrived(
          letters.length,
          () => findEvents(query, topic, letters),
          ({ size }) => {
            progress(percent(size, letters.length));
            return size;
          },
        );
      },
    },
  ]);
  const alreadyThere = letters.length - added;
  return { file: path, topic, added, alreadyThere, repeated, refused };
}

/** The ids of those events that their table holds. */
async function findEvents(
  query: Query,
  topic: Topic,
  letters: readonly Repaired[],
): Promise<ReadonlySet<string>> {
  const found = new Set<string>();
  for (let start = 0; start < letters.length; start += idsAtATime) {
    const some = letters.slice(start, start + idsAtATime);
    const times = some.map(({ time }) => time);
    // Times are cut to ms here: the last one may be up to one later.
    const [first, last] = [Math.min(...times), Math.max(...times) + 1].map(timestamp);
    const ids = some.map(({ eventId }) => `'${eventId.replaceAll("'", "''")}'`).join(", ");
    const rows = await query(
      `SELECT DISTINCT event_id FROM ecommerce_db.${topic}
       WHERE event_time BETWEEN ${first} AND ${last} AND event_id IN (${ids})`,
    );
    for (const { event_id: id } of rows) found.add(String(id));
  }
  return found;
}

/**
 * Tells what became of the file.
 * @throws UserError that lists the lines that were not sent, if there are any.
 */
export function printResent(summary: ResentSummary, json: boolean): void {
  process.stdout.write(json ? `${JSON.stringify(summary)}\n` : describe(summary));
  const { refused } = summary;
  if (refused.length === 0) return;
  const lines = refused.length === 1 ? "1 line was" : `${refused.length} lines were`;
  throw new UserError(`${lines} not sent`, {
    log: refused.map(({ line, reason }) => `line ${line}: ${reason}`).join("\n"),
    cure: "Repair them and send the file again: what is there already is not added twice.",
  });
}

function describe({ topic, added, alreadyThere, repeated, refused }: ResentSummary): string {
  const table = new Table({ colAligns: ["left", "right"], style: { head: [], border: [] } });
  table.push(
    [`new in ${topic}`, added],
    ["there already", alreadyThere],
    ["repeated in the file", repeated],
    ["not sent", refused.length],
  );
  return `${table.toString()}\n`;
}
