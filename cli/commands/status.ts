import Table from "cli-table3";
import type { Command } from "commander";

import { clusterForStack, requireDeployment } from "../deployment.ts";
import { describeSpaces, freeSpaces } from "../host/disk.ts";
import { jsonOption, stackOption } from "../options.ts";
import { type ComponentStatus, componentStatuses } from "../workloads.ts";

/** `npm run status`: every component; exit code 1 when one of them is not ready. */
export function register(program: Command): void {
  program
    .command("status")
    .description("list the components, whether they are ready and where they are reached")
    .addOption(stackOption())
    .addOption(jsonOption())
    .action(async ({ stack, json }: { stack: string; json: boolean }) => {
      const deployment = await requireDeployment(stack);
      const cluster = await clusterForStack(stack, deployment.cluster);
      const components = await componentStatuses(deployment.kubeconfig, (port) =>
        cluster.hostPort(port),
      );
      const status = {
        cluster: deployment.cluster,
        kubeconfig: deployment.kubeconfig,
        stack,
        components,
      };
      process.stdout.write(json ? `${JSON.stringify(status)}\n` : `${describe(status)}\n`);
      if (components.every(({ ready }) => ready)) return;
      process.exitCode = 1;
      for (const line of await scarceSpace()) process.stderr.write(`${line}\n`);
    });
}

/** Free bytes below which a disk may be why a component is not ready: what runs cannot write. */
const scarce = 2 ** 30;

async function scarceSpace(): Promise<string[]> {
  const spaces = Object.values(await freeSpaces()).filter((space) => space !== undefined);
  return describeSpaces(spaces.filter(({ free }) => free < scarce));
}

function describe(status: {
  readonly kubeconfig: string;
  readonly components: readonly ComponentStatus[];
}): string {
  const table = new Table({
    head: ["component", "state", "address"],
    style: { head: [], border: [] },
  });
  table.push(
    ...status.components.map(({ name, ready, url, reason }) => [
      name,
      ready ? "ready" : (reason ?? "not ready"),
      url ?? "",
    ]),
  );
  return `${table.toString()}\nkubeconfig: ${status.kubeconfig}`;
}
