import Table from "cli-table3";
import type { Command } from "commander";

import { type BehaviourCsv, inspectBehaviourCsv } from "../../apps/producer/behaviour-csv.ts";
import { type Flow, flows } from "../../k8s-jobs/replay/flow.ts";
import { type Pace, parsePace } from "../../k8s-jobs/replay/pace.ts";
import { S3Store } from "../../k8s-jobs/replay/s3-store.ts";
import { loadFile } from "../../k8s-jobs/storage-loader/load.ts";
import { putsAtATime } from "../../k8s-jobs/storage-loader/store-hour.ts";
import { emptyTally, type LoadTally } from "../../k8s-jobs/storage-loader/tally.ts";
import { type StorageConnection, storageConnection } from "../connection.ts";
import { CronJobs } from "../cron-jobs.ts";
import { UserError } from "../errors.ts";
import { jsonOption, stackOption } from "../options.ts";
import type { Progress } from "../progress.ts";
import { runSteps } from "../steps.ts";

/** How often progress is shown, in ms. */
const displayInterval = 1_000;

/** `npm run load FILE`: writes a behaviour CSV into the object store and has it copied on. */
export function register(program: Command): void {
  program
    .command("load")
    .description(
      "load a behaviour CSV into the object store, and replay it to the feature pipeline",
    )
    .argument("<file>", "the CSV, plain or compressed with gzip")
    .option("--pace <objects>", 'objects a second that each flow copies, or "max"', "max")
    .addOption(stackOption())
    .addOption(jsonOption())
    .action(async (path: string, options: LoadCommandOptions) => {
      const summary = await load(path, parsePace(options.pace), options.stack);
      process.stdout.write(options.json ? `${JSON.stringify(summary)}\n` : describe(summary));
    });
}

interface LoadCommandOptions {
  readonly pace: string;
  readonly stack: string;
  readonly json: boolean;
}

/** What became of the file: rows = stored + rejected. */
export interface LoadSummary extends LoadTally {
  readonly file: string;
  /** Objects that the Jobs copied to `bronze`, by flow. */
  readonly copied: Readonly<Record<Flow, number>>;
  /** From the first row written until everything was copied. */
  readonly seconds: number;
}

/**
 * Loads a file and replays it. What is in a bucket already is not written there again, so loading a
 * file twice adds nothing, and a load that was cut off can be made again.
 *
 * @throws UserError if anything is wrong with the file or the platform.
 */
export async function load(path: string, pace: Pace, stack: string): Promise<LoadSummary> {
  let file: BehaviourCsv | undefined;
  let connection: StorageConnection | undefined;
  await runSteps([
    {
      title: `Reading ${path}`,
      run: async () => {
        file = await inspectBehaviourCsv(path);
        return `${file.rows} rows`;
      },
    },
    {
      title: "Looking for the feature pipeline",
      run: async () => {
        connection = await storageConnection(stack);
        await requireReplay(connection.kubeconfig, stack);
      },
    },
  ]);
  if (!file || !connection) throw new Error("The steps were not taken");
  const { kubeconfig, storage } = connection;
  const { rows } = file;
  const inspected = file;

  const startedAt = Date.now();
  const tally = emptyTally();
  const copied: Record<Flow, number> = { training: 0, testing: 0 };
  await runSteps([
    {
      title: "Writing to storage",
      run: async (progress) => {
        const store = new S3Store(storage, putsAtATime);
        try {
          await write(inspected, store, tally, progress);
        } finally {
          store.close();
        }
        return `${rows} rows, ${tally.training.added + tally.testing.added} new objects`;
      },
    },
    {
      together: flows.map((flow) => [
        {
          title: `Copying to bronze for ${flow}`,
          run: async (progress) => {
            const jobs = new CronJobs(kubeconfig);
            const line = await jobs.run(`replay-${flow}`, ["--pace", String(pace)], progress);
            copied[flow] = Number(/(\d+) copied/.exec(line)?.[1]);
            return `${copied[flow]} objects`;
          },
        },
      ]),
    },
  ]);
  return { file: path, ...tally, copied, seconds: Math.round((Date.now() - startedAt) / 100) / 10 };
}

/** @throws UserError if the stack has nothing that copies from `storage` to `bronze`. */
async function requireReplay(kubeconfig: string, stack: string): Promise<void> {
  const names = await new CronJobs(kubeconfig).names();
  const missing = flows.map((flow) => `replay-${flow}`).filter((name) => !names.includes(name));
  if (missing.length === 0) return;
  throw new UserError(`The stack "${stack}" has no CronJob ${missing.join(" or ")}`, {
    cure: `Run \`npm run up\`. If Pulumi.${stack}.yaml turns the feature pipeline off (\`lakehouse:features: false\`), remove that line before.`,
  });
}

/** Writes the rows that are not there, showing how far it is. */
async function write(
  file: BehaviourCsv,
  store: S3Store,
  tally: LoadTally,
  progress: Progress,
): Promise<void> {
  const startedAt = Date.now();
  const display = setInterval(() => {
    const rate = Math.round((tally.rows * 1000) / (Date.now() - startedAt));
    const rejected = tally.rejected === 0 ? "" : `, ${tally.rejected} rejected`;
    progress(`${Math.floor((100 * tally.rows) / file.rows)} %, ${rate} rows/s${rejected}`);
  }, displayInterval);
  const interrupt = new AbortController();
  const onInterrupt = (): void => {
    interrupt.abort(
      new UserError(`Interrupted after ${tally.rows} of ${file.rows} rows`, {
        cure: "Load the file again for the rest: what is there already is not written again.",
      }),
    );
  };
  process.once("SIGINT", onInterrupt);
  try {
    await loadFile(file, store, { signal: interrupt.signal, tally });
  } finally {
    clearInterval(display);
    process.removeListener("SIGINT", onInterrupt);
  }
}

/** The summary for a person. */
export function describe(summary: LoadSummary): string {
  const { training, testing, rejects } = summary;
  const table = new Table({ colAligns: ["left", "right"], style: { border: [] } });
  table.push(
    ["rows in the file", summary.rows],
    ["stored", summary.stored],
    ["rejected", summary.rejected],
    ["training files", training.objects],
    ["  new", training.added],
    ["testing objects", testing.objects],
    ["  new", testing.added],
    ["copied for training", summary.copied.training],
    ["copied for testing", summary.copied.testing],
  );
  const more = summary.rejected - rejects.length;
  const told = [
    ...rejects.map(({ line, reason }) => `  line ${line}: ${reason}\n`),
    ...(more > 0 ? [`  and ${more} more\n`] : []),
  ].join("");
  const rejected =
    summary.rejected === 0 ? "" : `Rejected, and kept under storage/rejected/:\n${told}`;
  const isNew = training.added + testing.added > 0;
  const last = isNew ? `Everything is there after ${summary.seconds} s.` : "Nothing in it is new.";
  return `${table.toString()}\n${rejected}${last}\n`;
}
