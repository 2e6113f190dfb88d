import { existsSync } from "node:fs";

import { UserError } from "../errors.ts";
import { root } from "../host/paths.ts";
import type { ClusterOptions } from "./cluster.ts";
import { type Owner, ownership, readOwner } from "./owner.ts";

/** Docker's port bindings of a container, as `docker inspect` gives them. */
export type PortBindings = Readonly<
  Record<string, readonly { readonly HostIp: string; readonly HostPort: string }[] | null>
>;

/** A cluster that is there already. */
export interface Existing {
  readonly name: string;
  /** Path of the kubeconfig that this clone wrote when it made the cluster. */
  readonly kubeconfig: string;
  /** The command that removes it by hand. */
  readonly removal: string;
}

/**
 * Returns the record of who made an existing cluster.
 * @throws UserError unless it is this clone's, or its clone is gone.
 */
export async function requireOwnership(existing: Existing): Promise<Owner | undefined> {
  const owner = await readOwner(existing.name);
  const verdict = ownership(owner, root);
  if (verdict === "foreign") {
    throw new UserError(
      `The cluster ${existing.name} belongs to another clone, ${owner?.clone ?? ""}`,
      {
        cure: "Run `npm run down` there, or use another stack here (`-- --stack NAME`, with its own lakehouse:portOffset).",
      },
    );
  }
  // Without a record (somebody cleared the cache) our own kubeconfig shows that it is ours.
  if (verdict === "nobody" && !existsSync(existing.kubeconfig)) {
    throw new UserError(`A cluster ${existing.name} exists that was not made by this clone`, {
      cure: `Remove it with \`${existing.removal}\`, or use another stack (\`-- --stack NAME\`).`,
    });
  }
  return owner;
}

/** Why a cluster that may be used is better made anew, if so. */
export function reasonToRemake(owner: Owner | undefined): string | undefined {
  if (owner !== undefined && owner.clone !== root) {
    return `The clone ${owner.clone} that made the cluster no longer exists`;
  }
  return owner?.isComplete === false
    ? "An earlier run was interrupted while making the cluster"
    : undefined;
}

/** @throws UserError unless a node maps the ports the way the options want. */
export function requireMappedPorts(options: ClusterOptions, bindings: PortBindings): void {
  const missing = unmappedPorts(options, bindings);
  if (missing.length === 0) return;
  throw new UserError(
    `The cluster ${options.name} was made with other ports: ${missing.join(", ")} not mapped as the config says`,
    { cure: "Run `npm run down` and then `npm run up`, or restore lakehouse:portOffset." },
  );
}

/** The NodePorts that an existing node does not map the way the options want. */
export function unmappedPorts(options: ClusterOptions, bindings: PortBindings): number[] {
  return options.nodePorts.filter((nodePort) => {
    const wanted = String(nodePort + options.portOffset);
    return !bindings[`${nodePort}/tcp`]?.some(({ HostPort }) => HostPort === wanted);
  });
}
