import Table from "cli-table3";
import { type Command, Option } from "commander";

import { findRows, type Query, type Tally, TallyKeeper } from "../../apps/producer/arrivals.ts";
import {
  type BehaviourCsv,
  inspectBehaviourCsv,
  readBehaviourCsv,
} from "../../apps/producer/behaviour-csv.ts";
import { type Topic, topics } from "../../apps/producer/events.ts";
import { inChunks, parseSpeed, replayFile, type Speed } from "../../apps/producer/replay.ts";
import type { Sender } from "../../apps/producer/sender.ts";
import { exportDeadLetters, printResent, resendDeadLetters } from "../dead-letters.ts";
import { UserError } from "../errors.ts";
import { jsonOption, stackOption } from "../options.ts";
import { percent, pollInterval, untilArrived, withPipeline } from "../pipeline.ts";
import type { Progress } from "../progress.ts";
import { runSteps } from "../steps.ts";

/** What --dead-letters adds, below the options. */
const help = `
Dead letters, messages that broke the contract, are repaired in three steps:
  npm run replay -- --dead-letters orders --out letters.jsonl
      writes those of the last week, one JSON object a line: topic, partition, offset,
      reason, and in raw the message as it came
  (mend the text in raw, remove the lines that are not worth it; event_id stays as it is)
  npm run replay -- --dead-letters orders letters.jsonl
      sends every message that now keeps the contract and waits until the table holds it,
      each once however often this is done; lists the lines that still break the contract
`;

/** `npm run replay FILE`: sends a behaviour CSV and waits until every row is in its table. */
export function register(program: Command): void {
  program
    .command("replay")
    .description("replay a behaviour CSV, or repaired dead letters, and wait for the tables")
    .argument("[file]", "the CSV, plain or compressed with gzip, or the repaired dead letters")
    .option("--speed <factor>", 'times real speed, or "max"', "max")
    .addOption(new Option("--dead-letters <topic>", "export or send them").choices(topics))
    .option("--out <file>", "where dead letters are exported to; standard output without it")
    .addOption(stackOption())
    .addOption(jsonOption())
    .addHelpText("after", help)
    .action(async (path: string | undefined, options: ReplayCommandOptions) => {
      const { deadLetters: topic, out, stack, json } = options;
      if (out !== undefined && (topic === undefined || path !== undefined)) {
        throw new UserError("--out is for the export of dead letters", {
          cure: "npm run replay -- --dead-letters orders --out FILE",
        });
      }
      if (topic !== undefined && path === undefined) {
        await exportDeadLetters(topic, out, stack);
      } else if (path === undefined) {
        throw new UserError("There is no file to replay", { cure: "npm run replay -- FILE" });
      } else if (topic !== undefined) {
        printResent(await resendDeadLetters(topic, path, stack), json);
      } else {
        const summary = await replay(path, parseSpeed(options.speed), stack);
        process.stdout.write(json ? `${JSON.stringify(summary)}\n` : describe(summary));
      }
    });
}

interface ReplayCommandOptions {
  readonly speed: string;
  readonly deadLetters?: Topic;
  readonly out?: string;
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
  const inspected = file;
  if (inspected === undefined) throw new Error("The file was not inspected");
  return withPipeline(stack, (sender, query) => replayInto(inspected, speed, sender, query));
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
    const found = await untilArrived(
      rows.length,
      () => findRows(query, rows),
      (some) => {
        progress(percent(keeper.tally.rows + some.rows.size, file.rows));
        return some.rows.size;
      },
    );
    keeper.add(found);
  }
  return keeper.tally;
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
