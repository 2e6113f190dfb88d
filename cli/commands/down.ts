import { rm } from "node:fs/promises";

import type { Command } from "commander";

import type { ClusterKind } from "../cluster/cluster.ts";
import { leftovers, removeImages } from "../cluster/leftovers.ts";
import { clusterForStack, readDeployment, removeDeployment } from "../deployment.ts";
import { UserError } from "../errors.ts";
import { cacheDir, stateDir } from "../host/paths.ts";
import { clusterOption, pluginsOption, stackOption } from "../options.ts";
import type { PluginChoice } from "../pulumi/plugins.ts";
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
  const steps: Step[] = [
    {
      title: "Deployment",
      run: async (progress) => {
        if (!stack.exists()) return "nothing deployed";
        if (await clusterAnswers(cluster.kubeconfig())) await stack.destroy(progress);
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
        await rm(cacheDir, { recursive: true, force: true });
        await rm(stateDir, { recursive: true, force: true });
        return `${images} images`;
      },
    },
    {
      title: "Looking for anything left",
      run: async () => {
        await removeDeployment(name);
        const left = kind === "current" ? [] : await leftovers(`lakehouse-${name}`);
        if (left.length === 0) return;
        throw new UserError(`Still there: ${left.join(", ")}`, {
          cure: "Run `npm run down` again; remove by hand what stays.",
        });
      },
    },
  ];
  await runSteps(steps);
}
