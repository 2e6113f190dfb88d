import type { Progress } from "../progress.ts";
import { CurrentContext } from "./current.ts";
import { K3dCluster } from "./k3d.ts";
import { KindCluster } from "./kind.ts";

/** What `ensure` did. */
export interface Ensured {
  /** Whether the cluster is new, and so empty. */
  readonly created: boolean;
  /** What the user should know, such as why an old cluster was made anew. */
  readonly note?: string;
}

/** A place for the platform to run. Each kind of cluster is one implementation of this. */
export interface Cluster {
  /**
   * Tells what would keep `ensure` from working, as far as it can be told before anything is
   * installed or changed: a port in use, a cluster of somebody else's.
   * @throws UserError for what is in the way, with its cure.
   */
  check(): Promise<void>;
  /** Brings the cluster up, with its data if it was there before. Does nothing if it is up. */
  ensure(progress: Progress): Promise<Ensured>;
  /**
   * Makes images of the local Docker engine available to pods; those already there are skipped. May
   * be called while `ensure` is at work: it waits for as much of the cluster as it needs.
   * @param groups - images that share much are best in one group; groups are loaded side by side
   */
  loadImages(groups: readonly (readonly string[])[], progress: Progress): Promise<void>;
  /**
   * Removes older versions of these images from where only this cluster keeps them; nothing may run
   * them any more. Does nothing for a cluster that is not ours.
   */
  pruneImages(kept: readonly string[]): Promise<void>;
  /** Path of the kubeconfig whose current context is this cluster. */
  kubeconfig(): string;
  /** The port on this machine's loopback address that leads to a NodePort. */
  hostPort(nodePort: number): number;
  /** Removes what `ensure` made, and nothing else. Does nothing if there is nothing. */
  destroy(progress: Progress): Promise<void>;
}

export interface ClusterOptions {
  /** Name of the cluster, for example `lakehouse-dev`. */
  readonly name: string;
  /** NodePorts to be reached from this machine. */
  readonly nodePorts: readonly number[];
  /** Added to a NodePort to give the port on this machine, so that two stacks can run side by side. */
  readonly portOffset: number;
}

/** The clusters to choose from. */
const implementations = {
  kind: (options: ClusterOptions): Cluster => new KindCluster(options),
  k3d: (options: ClusterOptions): Cluster => new K3dCluster(options),
  current: (): Cluster => new CurrentContext(),
};

export type ClusterKind = keyof typeof implementations;

/** Every kind of cluster, the default first. */
export const clusterKinds = Object.keys(implementations) as ClusterKind[];

/** Gives the cluster of a kind; nothing is touched until it is asked to do something. */
export function clusterOf(kind: ClusterKind, options: ClusterOptions): Cluster {
  return implementations[kind](options);
}
