import { UserError } from "../../cli/errors.ts";
import { copiesAtATime, copyFlow, type CopyTally } from "./copy.ts";
import { S3Store } from "./s3-store.ts";
import { readSettings } from "./settings.ts";

/** How often the log says how it goes, in ms. */
const reportInterval = 5_000;

async function run(): Promise<void> {
  const { flow, pace, access } = readSettings(process.argv.slice(2), process.env);
  const stop = new AbortController();
  for (const signal of ["SIGTERM", "SIGINT"]) {
    process.on(signal, () => {
      stop.abort();
    });
  }
  const store = new S3Store(access, copiesAtATime + 2);
  const tally: CopyTally = { copied: 0, alreadyThere: 0 };
  const summary = (): string =>
    `${flow}: ${tally.copied} copied, ${tally.alreadyThere} were there already`;
  const reports = setInterval(() => {
    console.log(`${summary()}; going on`);
  }, reportInterval);
  try {
    await copyFlow(flow, store, { pace, signal: stop.signal, tally });
  } finally {
    clearInterval(reports);
    store.close();
  }
  if (stop.signal.aborted) {
    throw new UserError(`${summary()}; interrupted`, { cure: "The next run copies the rest." });
  }
  console.log(summary());
}

try {
  await run();
} catch (error) {
  if (error instanceof UserError) console.error(`${error.message}\n${error.cure}`);
  else console.error(error);
  process.exitCode = 1;
}
