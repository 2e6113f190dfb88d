import { existsSync } from "node:fs";
import { join } from "node:path";

import type { Command } from "commander";

import { parseSpeed } from "../../apps/producer/replay.ts";
import { inspectBehaviourCsv } from "../../apps/producer/behaviour-csv.ts";
import type { ClusterKind, Ensured } from "../cluster/cluster.ts";
import { endpoints } from "../../components/ports.ts";
import { pruneCache } from "../build/prune.ts";
import { clusterForStack, readStackConfig, writeDeployment } from "../deployment.ts";
import { ensureDocker } from "../host/docker.ts";
import { preflight } from "../host/preflight.ts";
import { cacheDir, stateDir } from "../host/paths.ts";
import { buildImages, fetchInputs, type ImageRefs } from "../images/build.ts";
import { builtImages, type ImageName, suiteOf } from "../images/table.ts";
import { firstKpis, type KpiRow, kpiTable } from "../kpi-table.ts";
import { clusterOption, jsonOption, pluginsOption, stackOption } from "../options.ts";
import { ensureHelm } from "../pulumi/helm.ts";
import { ensurePulumi } from "../pulumi/cli.ts";
import { type Outcome, showWarnings } from "../pulumi/outcome.ts";
import type { PluginChoice } from "../pulumi/plugins.ts";
import { PlatformStack } from "../pulumi/stack.ts";
import { runSteps } from "../steps.ts";
import { replay } from "./replay.ts";

interface UpOptions {
  readonly stack: string;
  readonly cluster: ClusterKind;
  readonly plugins: PluginChoice;
  readonly replay?: string;
  readonly speed: string;
  readonly json: boolean;
}

/** `npm run up`: from whatever is there to KPIs that can be queried. */
export function register(program: Command): void {
  program
    .command("up")
    .description("bring up the whole platform, from a bare machine if need be")
    .addOption(stackOption())
    .addOption(clusterOption())
    .addOption(pluginsOption())
    .option("--replay <file>", "replay a behaviour CSV once the platform is up")
    .option("--speed <factor>", 'of the replay: times real speed, or "max"', "max")
    .addOption(jsonOption())
    .action(async (options: UpOptions) => {
      const speed = parseSpeed(options.speed);
      // A wrong file is said at once, not after the platform is up.
      if (options.replay !== undefined) await inspectBehaviourCsv(options.replay);
      const result = await up(options);
      if (options.replay !== undefined) await replay(options.replay, speed, options.stack);
      process.stdout.write(options.json ? `${JSON.stringify(result)}\n` : describe(result));
    });
}

/** What a program gets from `up --json`. */
interface UpResult {
  readonly stack: string;
  readonly kubeconfig: string;
  /** Addresses on this machine. */
  readonly endpoints: Readonly<Record<string, string>>;
  /** The latest minutes. */
  readonly kpis: readonly KpiRow[];
  /** How many resources were made, changed or removed. */
  readonly changes: number;
}

async function up(options: UpOptions): Promise<UpResult> {
  const { stack: stackName } = options;
  const cluster = await clusterForStack(stackName, options.cluster);
  const names = builtImages(await readStackConfig(stackName));
  const docker = new Gate();
  const deployed = new Gate();
  let ensured: Ensured | undefined;
  let images: ImageRefs = {};
  let outcome: Outcome = { changes: [], warnings: [] };
  let kpis: readonly KpiRow[] = [];
  const stack = new PlatformStack({
    stack: stackName,
    kubeconfig: cluster.kubeconfig(),
    plugins: options.plugins,
  });

  await runSteps([
    {
      title: "This machine",
      run: async () => {
        await preflight(stage());
        await cluster.check();
      },
    },
    {
      together: [
        [
          { title: "Docker Engine", run: (progress) => docker.open(ensureDocker(progress)) },
          {
            title: "Kubernetes cluster",
            run: async (progress) => {
              ensured = await cluster.ensure(progress);
              return ensured.note ?? (ensured.created ? "new" : "there already");
            },
          },
        ],
        [
          { title: "Parts of the images", run: (progress) => fetchInputs(names, progress) },
          {
            title: "Images",
            run: async (progress) => {
              await docker.opened;
              images = await buildImages({ names }, progress);
            },
          },
          {
            title: "Images into the cluster",
            run: (progress) => cluster.loadImages(grouped(names, images), progress),
          },
        ],
        [
          {
            title: "Pulumi and Helm",
            run: async (progress) => {
              await ensurePulumi(progress);
              await ensureHelm(progress);
            },
          },
        ],
      ],
    },
    {
      // The first events are often in their table while the last parts still start.
      together: [
        [
          {
            title: "Deployment",
            run: async (progress) => {
              // A new cluster holds nothing of what the state of an old one speaks of.
              if (ensured?.created === true) await stack.forget(progress);
              await writeDeployment(stackName, {
                cluster: options.cluster,
                kubeconfig: cluster.kubeconfig(),
              });
              outcome = await deployed.open(stack.up(progress));
              const changes = outcome.changes.length;
              return changes === 0 ? "no changes" : `${changes} resources`;
            },
          },
        ],
        [
          {
            title: "First KPIs",
            run: async (progress) => {
              kpis = await firstKpis(stackName, deployed.opened, progress);
            },
          },
        ],
      ],
    },
  ]);
  showWarnings(outcome);
  // What cannot be removed is no reason to call the platform down.
  await Promise.allSettled([pruneCache(), cluster.pruneImages(grouped(names, images).flat())]);
  return {
    stack: stackName,
    kubeconfig: cluster.kubeconfig(),
    endpoints: endpoints((port) => cluster.hostPort(port)),
    kpis,
    changes: outcome.changes.length,
  };
}

/** Lets others wait for something that one step does; when it fails, only that step reports it. */
class Gate {
  readonly #resolvers = Promise.withResolvers<undefined>();
  readonly opened = this.#resolvers.promise;

  async open<T>(work: Promise<T>): Promise<T> {
    const result = await work;
    this.#resolvers.resolve(undefined);
    return result;
  }
}

/** What runs of this clone, or of others with the same cache, have left to do. */
function stage() {
  if (!existsSync(join(cacheDir, "inputs"))) return "a first build";
  return existsSync(join(stateDir, "images.json")) ? "another run" : "a new cluster";
}

/** The references of images, those with much in common together. */
function grouped(names: readonly ImageName[], refs: ImageRefs): string[][] {
  const groups = Map.groupBy(names, suiteOf);
  return [...groups.values()].map((group) => group.map((name) => refs[name] ?? ""));
}

function describe({ endpoints: addresses, kpis, kubeconfig }: UpResult): string {
  const width = Math.max(...Object.keys(addresses).map((name) => name.length));
  const lines = Object.entries(addresses).map(
    ([name, address]) => `  ${name.padEnd(width)}  ${address}`,
  );
  return [
    kpiTable(kpis),
    "",
    ...lines,
    `  ${"kubectl".padEnd(width)}  KUBECONFIG=${kubeconfig}`,
    "",
  ].join("\n");
}
