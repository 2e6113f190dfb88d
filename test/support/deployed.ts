import { clusterForStack, requireDeployment } from "../../cli/deployment.ts";
import { readSecret } from "../../cli/workloads.ts";
import { stack } from "./lakehouse.ts";

/**
 * The entries of a Secret of the stack, by key.
 * @throws Error if there is no such Secret.
 */
export async function secretOfStack(name: string): Promise<(key: string) => string> {
  const entry = await readSecret((await requireDeployment(stack)).kubeconfig, name);
  if (entry === null) throw new Error(`there is no Secret ${name}`);
  return entry;
}

/** Where a NodePort of the stack is reached from this machine, as `localhost:<port>`. */
export async function addressOf(nodePort: number): Promise<string> {
  const { cluster } = await requireDeployment(stack);
  return `localhost:${(await clusterForStack(stack, cluster)).hostPort(nodePort)}`;
}
