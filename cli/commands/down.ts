import { existsSync } from "node:fs";
import { rm } from "node:fs/promises";

import type { Command } from "commander";

import type { ClusterKind } from "../cluster/cluster.ts";
import { leftovers, ownImages, removeImages } from "../cluster/leftovers.ts";
import { requireNoOthers } from "../cluster/others.ts";
import { clusterForStack, readDeployment, removeDeployment } from "../deployment.ts";
import { UserError } from "../errors.ts";
import { purgeCache, requirePurgeable } from "../host/cache.ts";
import { stateDir } from "../host/paths.ts";
import { clusterOption, pluginsOption, stackOption } from "../options.ts";
import type { PluginChoice } from "../pulumi/plugins.ts";
import { type Outcome, showWarnings } from "../pulumi/outcome.ts";
import { PlatformStack } from "../pulumi/stack.ts";
import { runSteps, type Step } from "../steps.ts";
import { clusterAnswers } from "../workloads.ts";

interface DownOptions {
  readonly stack: string;
  readonly cluster?: ClusterKind;
  readonly plugins: PluginChoice;
  readonly purge?: true;
}

/** `npm run down`: removes what `up` made, and looks whether nothing is left. */
export function register(program: Command): void {
  program
    .command("down")
    .description("remove the deployment and the cluster that `up` made, with the data in it")
    .addOption(stackOption())
    .addOption(clusterOption().default(undefined, "the one that `up` used"))
    .addOption(pluginsOption())
    .option("--purge", "remove the images, the caches and this clone's state as well")
    .action(async (options: DownOptions) => {
      await down(options);
      process.stdout.write("Nothing is left.\n");
    });
}

async function down({ stack: name, cluster: chosen, plugins, purge }: DownOptions): Promise<void> {
  const deployment = await readDeployment(name);
  const kind = chosen ?? deployment?.cluster ?? "kind";
  const cluster = await clusterForStack(name, kind);
  const stack = new PlatformStack({ stack: name, kubeconfig: cluster.kubeconfig(), plugins });
  let outcome: Outcome = { changes: [], warnings: [] };
  const isOwnCluster = kind !== "current";
  const steps: Step[] = [
    {
      title: "Who else needs the images and caches",
      skip: purge !== true,
      run: async () => {
        await requirePurgeable();
        await requireNoOthers(name);
      },
    },
    {
      title: "Deployment",
      // It goes with its cluster and its state. Taking it down in order needs room for new states,
      // which there may not be where somebody purges for lack of room.
      skip: purge === true && isOwnCluster,
      run: async (progress) => {
        if (!stack.exists()) return "nothing deployed";
        if (await clusterAnswers(cluster.kubeconfig())) outcome = await stack.destroy(progress);
        // What ran in a cluster that is gone is gone with it.
        else await stack.forget(progress);
        return undefined;
      },
    },
    { title: "Cluster", run: (progress) => cluster.destroy(progress) },
    {
      title: "Images and caches",
      skip: purge !== true,
      run: async () => {
        const images = await removeImages();
        const foreign = await purgeCache();
        await rm(stateDir, { recursive: true, force: true });
        const rest = foreign.length === 0 ? "" : `; not ours and left alone: ${foreign.join(", ")}`;
        return `${images} images${rest}`;
      },
    },
    {
      title: "Looking for anything left",
      run: async () => {
        await removeDeployment(name);
        const left = [
          ...(isOwnCluster ? await leftovers(`lakehouse-${name}`) : []),
          ...(purge === true ? await ownImages() : []),
          ...(purge === true && existsSync(stateDir) ? [stateDir] : []),
        ];
        if (left.length === 0) return;
        throw new UserError(`Still there: ${left.join(", ")}`, {
          cure: "Run `npm run down` again; remove by hand what stays.",
        });
      },
    },
  ];
  await runSteps(steps);
  showWarnings(outcome);
}
