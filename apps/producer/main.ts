import { parseArgs } from "node:util";

import { UserError } from "../../cli/errors.ts";
import { inspectBehaviourCsv } from "./behaviour-csv.ts";
import { connectSender } from "./connect.ts";
import { topics } from "./events.ts";
import { Shop } from "./generate.ts";
import { serveObservability } from "./observability.ts";
import { atRate, dailyRhythm } from "./pace.ts";
import { parseSpeed, replayFile } from "./replay.ts";
import type { Sender } from "./sender.ts";
import { readSettings, type Settings } from "./settings.ts";

const usage = "producer.mjs generate | producer.mjs replay FILE [--speed N|max]";

/** How long Kafka and its topics may take to be there, in ms. */
const startPatience = 5 * 60_000;
/** Within what Kubernetes grants a container to stop (30 s) the last events must be out, in ms. */
const stopPatience = 25_000;
/** How often the log says how it goes, in ms. */
const reportInterval = 60_000;

/** What runs, as the endpoints and the log tell it. */
class Running {
  sender: Sender | undefined;
  shop: Shop | undefined;

  get malformed(): number {
    return this.shop?.malformed ?? 0;
  }

  report(): void {
    if (this.sender === undefined) return;
    const { acknowledged, trouble, unacknowledged } = this.sender;
    const counts = topics.map((topic) => `${topic} ${acknowledged[topic]}`).join(", ");
    const problem = trouble ? `; trying again: ${trouble.message}` : "";
    console.log(`acknowledged: ${counts}; waiting: ${unacknowledged}${problem}`);
  }
}

async function run(): Promise<void> {
  const { positionals, values } = parseArgs({
    allowPositionals: true,
    options: { speed: { type: "string", default: "max" } },
  });
  const [command, path, ...others] = positionals;
  const isUnderstood =
    others.length === 0 && (command === "replay") === (path !== undefined) && command !== undefined;
  if (!isUnderstood || !["generate", "replay"].includes(command)) {
    throw new UserError("The arguments make no sense", { cure: usage });
  }
  const settings = readSettings(process.env);
  const speed = parseSpeed(values.speed);
  const file = path === undefined ? undefined : await inspectBehaviourCsv(path);

  const stop = new AbortController();
  for (const signal of ["SIGTERM", "SIGINT"]) {
    process.on(signal, () => {
      stop.abort();
    });
  }
  const running = new Running();
  const server = await serveObservability(settings.PORT, running);
  const reports = setInterval(() => {
    running.report();
  }, reportInterval);
  try {
    const sender = await connectSender(settings.KAFKA_BROKERS, startPatience, {
      signal: stop.signal,
    });
    running.sender = sender;
    try {
      if (file) await replayFile(file, sender, speed, { signal: stop.signal });
      else await generate(settings, sender, running, stop.signal);
    } finally {
      await sender.close(stopPatience);
    }
    running.report();
  } catch (error) {
    // Told to stop before Kafka was ever there: nothing is lost.
    if (!stop.signal.aborted || running.sender) throw error;
  } finally {
    clearInterval(reports);
    server.close();
    server.closeAllConnections();
  }
}

async function generate(
  settings: Settings,
  sender: Sender,
  running: Running,
  signal: AbortSignal,
): Promise<void> {
  const { RATE: rate, SEED: seed, MALFORMED_SHARE: malformedShare, RHYTHM: rhythm } = settings;
  const shop = new Shop({ seed, startedAt: Date.now(), rate, malformedShare });
  running.shop = shop;
  await atRate(
    rhythm === "flat" ? () => rate : (time) => rate * dailyRhythm(time),
    (count, time) => sender.send(shop.events(count, time)),
    signal,
  );
}

try {
  await run();
} catch (error) {
  if (error instanceof UserError) console.error(`${error.message}\n${error.cure}`);
  else console.error(error);
  process.exitCode = 1;
}
