import { existsSync } from "node:fs";
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";

import { docker, ensureDocker, isDockerInstalled, isDockerRunning } from "../host/docker.ts";
import { writeWhole } from "../host/files.ts";
import { raiseInotifyLimits } from "../host/inotify.ts";
import { withLock } from "../host/lock.ts";
import { cacheDir, root, stateDir } from "../host/paths.ts";
import type { Progress } from "../progress.ts";
import type { Cluster, ClusterOptions, Ensured } from "./cluster.ts";
import {
  type PortBindings,
  reasonToRemake,
  requireMappedPorts,
  requireOwnership,
} from "./existing.ts";
import { pruneImages } from "./load-images.ts";
import { writeOwner } from "./owner.ts";
import { requireFreePorts } from "./ports.ts";

/** What `docker inspect` says of a node, as far as it matters here. */
export interface Node {
  readonly State: { readonly Running: boolean };
  readonly HostConfig: { readonly PortBindings: PortBindings };
}

/** A cluster of one node in one Docker container, which a tool of its kind makes. */
export abstract class DockerCluster implements Cluster {
  protected readonly options: ClusterOptions;
  /** Name of the node's container. */
  protected readonly node: string;
  /** The command that removes it by hand. */
  readonly #removal: string;
  readonly #ensured = Promise.withResolvers<Ensured>();

  constructor(options: ClusterOptions, node: string, removal: string) {
    this.options = options;
    this.node = node;
    this.#removal = removal;
    // Who loads images hears of a failure; nobody else need.
    this.#ensured.promise.catch(() => undefined);
  }

  /** Makes images available; see `Cluster`. */
  abstract loadImages(groups: readonly (readonly string[])[], progress: Progress): Promise<void>;

  /** What `ensure` does, with Docker there and no other run at work on the cluster. */
  protected abstract ensureNode(progress: Progress): Promise<Ensured>;

  /** Removes the cluster and the record of its owner, without the need for the tool to be there. */
  protected abstract remove(): Promise<void>;

  pruneImages(kept: readonly string[]): Promise<void> {
    return pruneImages(this.node, kept);
  }

  async check(): Promise<void> {
    const node = (await isDockerRunning()) ? await this.inspect() : undefined;
    if (node === undefined) await this.requireFreePorts();
    else await this.reasonToRemake(node);
  }

  async ensure(progress: Progress): Promise<Ensured> {
    try {
      await ensureDocker(progress);
      const ensured = await withLock(this.#lockFile(), () => this.ensureNode(progress));
      this.#ensured.resolve(ensured);
      return ensured;
    } catch (error) {
      this.#ensured.reject(error);
      throw error;
    }
  }

  kubeconfig(): string {
    return join(stateDir, `kubeconfig-${this.options.name}`);
  }

  hostPort(nodePort: number): number {
    return nodePort + this.options.portOffset;
  }

  async destroy(progress: Progress): Promise<void> {
    if (isDockerInstalled()) {
      await ensureDocker(progress);
      await withLock(this.#lockFile(), async () => {
        if ((await this.inspect()) !== undefined) await this.#requireOwnership();
        progress(`removing ${this.options.name}`);
        await this.remove();
      });
    }
    await rm(this.kubeconfig(), { force: true });
  }

  /** Settles when `ensure` does, and the same way. */
  protected get ensured(): Promise<Ensured> {
    return this.#ensured.promise;
  }

  protected async inspect(): Promise<Node | undefined> {
    const answer = await docker(["inspect", "--type=container", this.node]).catch(() => "[]");
    return (JSON.parse(answer) as Node[])[0];
  }

  /**
   * Why an existing cluster is better made anew, if so.
   * @throws UserError if it is another clone's, or maps other ports.
   */
  protected async reasonToRemake(node: Node): Promise<string | undefined> {
    const reason = reasonToRemake(await this.#requireOwnership());
    if (reason === undefined) requireMappedPorts(this.options, node.HostConfig.PortBindings);
    return reason;
  }

  /** @throws UserError that names every port that something else listens on. */
  protected async requireFreePorts(): Promise<void> {
    await requireFreePorts(this.options.nodePorts.map((port) => this.hostPort(port)));
  }

  /** Makes the cluster with the tool, and notes down whose it is and whether that was completed. */
  protected async makeOwned(make: () => Promise<void>): Promise<void> {
    await raiseInotifyLimits();
    await writeOwner(this.options.name, { clone: root, isComplete: false });
    await mkdir(stateDir, { recursive: true });
    await rm(this.kubeconfig(), { force: true });
    await make();
    await writeOwner(this.options.name, { clone: root, isComplete: true });
  }

  /** Writes the kubeconfig that the tool gives, unless it is there. */
  protected async ensureKubeconfig(read: () => Promise<string>): Promise<void> {
    if (existsSync(this.kubeconfig())) return;
    const content = await read();
    await writeWhole(this.kubeconfig(), `${content}\n`, { mode: 0o600 });
  }

  #requireOwnership() {
    return requireOwnership({
      name: this.options.name,
      kubeconfig: this.kubeconfig(),
      removal: this.#removal,
    });
  }

  #lockFile(): string {
    return join(cacheDir, "locks", `cluster-${this.options.name}`);
  }
}
