import { homedir } from "node:os";
import { join } from "node:path";
import { KubeConfig, VersionApi } from "@kubernetes/client-node";
import { UserError } from "../errors.ts";
import type { Progress } from "../progress.ts";
import type { Cluster, Ensured } from "./cluster.ts";
import { loadImages } from "./load-images.ts";

/** The cluster that the user's kubeconfig points at. It is used as it is and never removed. */
export class CurrentContext implements Cluster {
  async check(): Promise<void> {
    const config = this.load();
    const context = config.getCurrentContext();
    try {
      await config.makeApiClient(VersionApi).getCode();
    } catch (error) {
      throw new UserError(`The cluster of the kubeconfig context ${context} does not answer`, {
        cure: "Check it with `kubectl get nodes`, choose another context, or leave out `--cluster current`.",
        cause: error,
      });
    }
  }

  async ensure(progress: Progress): Promise<Ensured> {
    progress("asking the cluster");
    await this.check();
    return { created: false };
  }

  async loadImages(groups: readonly (readonly string[])[], progress: Progress): Promise<void> {
    // Where the stack's config names every image, nodes pull them.
    if (groups.flat().length === 0) return;
    const context = this.load().getCurrentContext();
    const way = imageDelivery(context);
    if (way === "shared") return;
    if (way === undefined) {
      throw new UserError(
        `Images built here cannot be loaded into the cluster of context ${context}`,
        {
          cure: "Push them (`npm run images -- --push REGISTRY`) and put what that prints into the stack's config, use a kind or Docker Desktop context, or leave out `--cluster current`.",
        },
      );
    }
    await loadImages(way.node, groups, progress);
  }

  pruneImages(): Promise<void> {
    return Promise.resolve();
  }

  kubeconfig(): string {
    return process.env["KUBECONFIG"] ?? join(homedir(), ".kube", "config");
  }

  hostPort(nodePort: number): number {
    return nodePort;
  }

  destroy(): Promise<void> {
    return Promise.resolve();
  }

  private load(): KubeConfig {
    const config = new KubeConfig();
    try {
      config.loadFromDefault();
    } catch (error) {
      throw new UserError(`The kubeconfig ${this.kubeconfig()} cannot be read`, {
        cure: "Mend it or set KUBECONFIG, or leave out `--cluster current`.",
        cause: error,
      });
    }
    if (config.getCurrentCluster() === null) {
      throw new UserError(`${this.kubeconfig()} has no current context`, {
        cure: "Choose one with `kubectl config use-context NAME`, or leave out `--cluster current`.",
      });
    }
    return config;
  }
}

/**
 * How pods of a context get images of the local Docker engine: from the engine itself, through a
 * kind node's containerd, or not at all.
 */
export function imageDelivery(context: string): "shared" | { readonly node: string } | undefined {
  if (context === "docker-desktop") return "shared";
  const kind = /^kind-(.+)$/.exec(context)?.[1];
  return kind === undefined ? undefined : { node: `${kind}-control-plane` };
}
