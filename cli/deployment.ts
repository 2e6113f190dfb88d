import { existsSync } from "node:fs";
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";

import { parse } from "yaml";
import { z } from "zod";

import { nodePorts } from "../components/ports.ts";
import { type Cluster, type ClusterKind, clusterKinds, clusterOf } from "./cluster/cluster.ts";
import { UserError } from "./errors.ts";
import { writeWhole } from "./host/files.ts";
import { root, stateDir } from "./host/paths.ts";

/** Kafka has a port a broker; a kind cluster fixes its ports before the number of brokers is known. */
const mostBrokers = 3;

const recorded = z.object({ cluster: z.enum(clusterKinds), kubeconfig: z.string() });

/** Where a stack was deployed to, for the commands that come after `up`. */
export type Deployment = z.infer<typeof recorded>;

/**
 * The cluster that a stack is deployed to; nothing is touched.
 * @throws UserError if there is no such stack.
 */
export async function clusterForStack(stack: string, kind: ClusterKind): Promise<Cluster> {
  const kafkaPorts = Array.from({ length: mostBrokers }, (_, broker) => nodePorts.kafka + broker);
  return clusterOf(kind, {
    name: `lakehouse-${stack}`,
    nodePorts: [...new Set([...Object.values(nodePorts), ...kafkaPorts])],
    portOffset: await portOffset(stack),
  });
}

/** `lakehouse:portOffset` of a stack. */
async function portOffset(stack: string): Promise<number> {
  const config = await readStackConfig(stack);
  return z.coerce
    .number()
    .int()
    .min(0)
    .max(1000)
    .parse(config["lakehouse:portOffset"] ?? 0);
}

/**
 * The config of a stack by full key, for what is needed before Pulumi reads and checks it.
 * @throws UserError if there is no such stack.
 */
export async function readStackConfig(stack: string): Promise<Readonly<Record<string, unknown>>> {
  const file = join(root, `Pulumi.${stack}.yaml`);
  if (!existsSync(file)) {
    throw new UserError(`There is no stack "${stack}": Pulumi.${stack}.yaml does not exist`, {
      cure: `Copy Pulumi.dev.yaml to Pulumi.${stack}.yaml, or choose another --stack.`,
    });
  }
  const { config } = parse(await readFile(file, "utf8")) as {
    config?: Record<string, unknown> | null;
  };
  return config ?? {};
}

/** What `up` noted down about a stack, or undefined if it is not deployed. */
export async function readDeployment(stack: string): Promise<Deployment | undefined> {
  const text = await readFile(deploymentFile(stack), "utf8").catch(() => undefined);
  return text === undefined ? undefined : recorded.parse(JSON.parse(text));
}

/**
 * What `up` noted down about a stack.
 * @throws UserError if the stack is not deployed from this clone.
 */
export async function requireDeployment(stack: string): Promise<Deployment> {
  const deployment = await readDeployment(stack);
  if (deployment === undefined) {
    throw new UserError(`The stack "${stack}" is not up`, {
      cure: stack === "dev" ? "Run `npm run up`." : `Run \`npm run up -- --stack ${stack}\`.`,
    });
  }
  return deployment;
}

/** Notes down where a stack is deployed to. */
export async function writeDeployment(stack: string, deployment: Deployment): Promise<void> {
  await writeWhole(deploymentFile(stack), `${JSON.stringify(deployment)}\n`);
}

/** Forgets a stack that is gone. */
export async function removeDeployment(stack: string): Promise<void> {
  await rm(deploymentFile(stack), { force: true });
}

function deploymentFile(stack: string): string {
  return join(stateDir, `deployment-${stack}.json`);
}
