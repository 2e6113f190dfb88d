import { mkdir, writeFile } from "node:fs/promises";
import { cpus, release, totalmem } from "node:os";
import { join, relative } from "node:path";

import { AppsV1Api } from "@kubernetes/client-node";
import Table from "cli-table3";
import { type Command, InvalidArgumentError } from "commander";

import { versions } from "../../components/versions.ts";
import { alertLatency } from "../../test/bench/alerts.ts";
import type { Latency } from "../../test/bench/latency.ts";
import { Load } from "../../test/bench/load.ts";
import { type SteadyLoad, steadyLoad } from "../../test/bench/steady-load.ts";
import { watchDashboard } from "../../test/bench/viewers.ts";
import { connection, dashboardConnection } from "../connection.ts";
import { requireDeployment } from "../deployment.ts";
import { docker } from "../host/docker.ts";
import { root } from "../host/paths.ts";
import { waitFor } from "../host/wait.ts";
import { loadKubeconfig } from "../kubeconfig.ts";
import { jsonOption, stackOption } from "../options.ts";
import type { Progress } from "../progress.ts";
import { runSteps } from "../steps.ts";
import { namespace } from "../workloads.ts";

/** The tables are at rest when they have not grown for this long, in ms. */
const restInterval = 5_000;
const restPatience = 120_000;
/** The same load before the measurement, in s: a JVM that has just started still compiles its code. */
const warmUp = 30;

interface BenchOptions {
  readonly stack: string;
  readonly viewers: number;
  readonly rate: number;
  readonly seconds: number;
  readonly json: boolean;
}

/** `npm run bench`: a steady load against the deployed stack; the result goes to bench/. */
export function register(program: Command): void {
  program
    .command("bench")
    .description("measure how fresh tables, alerts and dashboard are under a steady load")
    .option("--rate <events>", "events per second", wholeNumber, 20_000)
    .option("--seconds <seconds>", "how long", wholeNumber, 60)
    .option(
      "--viewers <people>",
      "who watch the dashboard in a second measurement",
      wholeNumber,
      10,
    )
    .addOption(stackOption())
    .addOption(jsonOption())
    .action(async (options: BenchOptions) => {
      const { file, result } = await bench(options);
      process.stdout.write(options.json ? `${JSON.stringify(result)}\n` : describe(result, file));
    });
}

function wholeNumber(text: string): number {
  if (!/^[1-9]\d*$/.test(text))
    throw new InvalidArgumentError("It must be a whole number above 0.");
  return Number(text);
}

interface BenchResult extends SteadyLoad {
  readonly date: string;
  /** The load before the measurement, which meets what has just been started. */
  readonly warmUp: SteadyLoad;
  /** The same load once more while people watch the dashboard. */
  readonly watched: SteadyLoad & { readonly dashboard: Latency; readonly alerts: Latency };
  /** Memory of the cluster's node, Kubernetes included, right after the load, in MiB. */
  readonly memoryMiB: number | null;
  readonly conditions: Readonly<Record<string, string | number>>;
}

async function bench(options: BenchOptions): Promise<{ file: string; result: BenchResult }> {
  const { kubeconfig, cluster } = await requireDeployment(options.stack);
  const { kafka, flight } = await connection(options.stack);
  const order = { rate: options.rate, seconds: options.seconds };
  const sender = new Load(kafka.brokers);
  let cold: SteadyLoad | undefined;
  let load: SteadyLoad | undefined;
  let watched: BenchResult["watched"] | undefined;
  let memoryMiB: number | null = null;
  try {
    await runSteps([
      {
        title: "Stopping the shop's own events",
        run: async (progress) => {
          await scaleProducer(kubeconfig, 0);
          await restingTables(flight, progress);
        },
      },
      {
        title: `${options.rate} events/s for ${options.seconds} s, after ${warmUp} s to warm up`,
        run: async (progress) => {
          cold = await steadyLoad({ ...order, seconds: warmUp }, sender, flight, progress);
          load = await steadyLoad(order, sender, flight, progress);
          memoryMiB = cluster === "kind" ? await nodeMemory(options.stack) : null;
        },
      },
      {
        title: `The same while ${options.viewers} people watch the dashboard`,
        run: async (progress) => {
          const watch = new AbortController();
          const [again, dashboard, alerts] = await Promise.all([
            steadyLoad(order, sender, flight, progress).finally(() => {
              watch.abort();
            }),
            watchDashboard(await dashboardConnection(options.stack), options.viewers, watch.signal),
            alertLatency(flight, watch.signal),
          ]);
          watched = { ...again, dashboard, alerts };
        },
      },
    ]);
  } finally {
    await sender.close();
    await scaleProducer(kubeconfig, 1);
    flight.close();
  }
  if (load === undefined || cold === undefined || watched === undefined)
    throw new Error("The load was not measured");
  const date = new Date().toISOString();
  const result = {
    date,
    ...load,
    warmUp: cold,
    watched,
    memoryMiB,
    conditions: conditions(options),
  };
  const file = join(
    root,
    "bench",
    `${date.slice(0, 16).replace(":", "-")}-steady-${options.rate}.json`,
  );
  await mkdir(join(root, "bench"), { recursive: true });
  await writeFile(file, `${JSON.stringify(result, null, 2)}\n`);
  return { file, result };
}

function conditions({ rate, seconds, viewers }: BenchOptions): BenchResult["conditions"] {
  return {
    asked: `${rate} events/s for ${seconds} s, after ${warmUp} s of the same`,
    cores: cpus().length,
    processor: cpus()[0]?.model ?? "unknown",
    machineMemoryMiB: Math.round(totalmem() / 2 ** 20),
    kernel: release(),
    load: "one producer thread on the same machine, acks from all replicas",
    freshness:
      "from send to a count(*) over Arrow Flight that includes the event, asked every 250 ms",
    watched: `then the same load with ${viewers} viewers, each with the stream open and asking the API once a second`,
    alerts: "from a fatal error's time to a query that shows its alert, asked every 250 ms",
    spark: versions.spark,
  };
}

async function scaleProducer(kubeconfig: string, replicas: number): Promise<void> {
  const apps = loadKubeconfig(kubeconfig).makeApiClient(AppsV1Api);
  const scale = await apps.readNamespacedDeploymentScale({ name: "producer", namespace });
  if (scale.spec) scale.spec.replicas = replicas;
  await apps.replaceNamespacedDeploymentScale({ name: "producer", namespace, body: scale });
}

/** Waits until what was sent before is in the tables. */
async function restingTables(
  flight: { query(sql: string): Promise<Record<string, unknown>[]> },
  progress: Progress,
): Promise<void> {
  let last: unknown;
  let since = Date.now();
  progress("waiting until the tables are at rest");
  await waitFor(async () => {
    const [row] = await flight.query("SELECT count(*) AS n FROM ecommerce_db.clicks");
    if (row?.["n"] !== last) since = Date.now();
    last = row?.["n"];
    return Date.now() - since > restInterval;
  }, restPatience);
}

/** What the kernel counts for the node's container without the page cache, as `docker stats` does. */
async function nodeMemory(stack: string): Promise<number> {
  const text = await docker([
    ...["stats", "--no-stream", "--format", "{{.MemUsage}}"],
    `lakehouse-${stack}-control-plane`,
  ]);
  const [, amount = "0", unit = "MiB"] = /^([\d.]+)(MiB|GiB)/.exec(text) ?? [];
  return Math.round(Number(amount) * (unit === "GiB" ? 1024 : 1));
}

function describe(result: BenchResult, file: string): string {
  const seconds = (milliseconds: number): string => `${(milliseconds / 1000).toFixed(2)} s`;
  const table = new Table({ colAligns: ["left", "right"], style: { border: [] } });
  table.push(
    ["events", result.events],
    ["events/s", result.rate],
    ["freshness p50", seconds(result.p50)],
    ["freshness p95", seconds(result.p95)],
    ["freshness max", seconds(result.max)],
    ["p95 while warming up", seconds(result.warmUp.p95)],
    ["largest backlog", result.largestBacklog],
    ["drained after", seconds(result.drain)],
    ["p95 while watched", seconds(result.watched.p95)],
    ["dashboard API p95", `${result.watched.dashboard.p95} ms`],
    ["alerts p95", seconds(result.watched.alerts.p95)],
    ["memory of the node", result.memoryMiB === null ? "unknown" : `${result.memoryMiB} MiB`],
  );
  return `${table.toString()}\nWritten to ${relative(root, file)}\n`;
}
