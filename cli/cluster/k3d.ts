import { existsSync } from "node:fs";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { registryReachable } from "../build/registry.ts";
import { UserError } from "../errors.ts";
import { capture, runLogged } from "../host/command.ts";
import {
  docker,
  dockerSucceeds,
  ensureDocker,
  imageExists,
  isDockerInstalled,
  isDockerRunning,
} from "../host/docker.ts";
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
import { ensureK3d } from "./k3d-binary.ts";
import { createTimeout, k3dConfig, k3sImage } from "./k3d-config.ts";
import { missingImages } from "./load-images.ts";
import { type Owner, removeOwner, writeOwner } from "./owner.ts";
import { requireFreePorts } from "./ports.ts";

/** What `docker inspect` says of a node, as far as it matters here. */
interface Node {
  readonly State: { readonly Running: boolean };
  readonly HostConfig: { readonly PortBindings: PortBindings };
}

/** A cluster of one node in one Docker container, made by k3d (https://k3d.io) from a k3s image. */
export class K3dCluster implements Cluster {
  private readonly options: ClusterOptions;
  private readonly node: string;
  private readonly ensured = Promise.withResolvers<Ensured>();

  constructor(options: ClusterOptions) {
    this.options = options;
    this.node = `k3d-${options.name}-server-0`;
    // Who loads images hears of a failure; nobody else need.
    this.ensured.promise.catch(() => undefined);
  }

  async check(): Promise<void> {
    const node = (await isDockerRunning()) ? await this.inspect() : undefined;
    if (node === undefined) {
      await this.requireFreePorts();
    } else {
      const reason = reasonToRemake(await this.requireOwnership());
      if (reason === undefined) requireMappedPorts(this.options, node.HostConfig.PortBindings);
    }
  }

  async ensure(progress: Progress): Promise<Ensured> {
    try {
      await ensureDocker(progress);
      const ensured = await withLock(this.lockFile(), () => this.ensureNode(progress));
      this.ensured.resolve(ensured);
      return ensured;
    } catch (error) {
      this.ensured.reject(error);
      throw error;
    }
  }

  async loadImages(groups: readonly (readonly string[])[], progress: Progress): Promise<void> {
    await this.ensured.promise;
    const list = ["exec", this.node, "ctr", "--namespace=k8s.io", "images", "ls", "--quiet"];
    const missing = missingImages(groups.flat(), await docker(list));
    if (missing.length === 0) return;
    await runLogged(
      await ensureK3d(progress),
      // Straight into the node: the other ways need an image of k3d's own.
      ["image", "import", ...missing, `--cluster=${this.options.name}`, "--mode=direct"],
      {
        what: `Loading images into ${this.options.name}`,
        cure: "Check the free disk space (`df -h`) and that Docker runs, then try again.",
        logFile: join(cacheDir, "logs", `k3d-images-${this.options.name}.log`),
      },
      progress,
    );
    await this.requireImages(list, missing);
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
      await withLock(this.lockFile(), async () => {
        if ((await this.inspect()) !== undefined) await this.requireOwnership();
        progress(`removing ${this.options.name}`);
        await this.remove();
      });
    }
    await rm(this.kubeconfig(), { force: true });
  }

  private async ensureNode(progress: Progress): Promise<Ensured> {
    const node = await this.inspect();
    const reason = node && reasonToRemake(await this.requireOwnership());
    if (node !== undefined && reason === undefined) {
      requireMappedPorts(this.options, node.HostConfig.PortBindings);
      await this.start(node, progress);
      await this.writeKubeconfig(progress);
      return { created: false };
    }
    if (node !== undefined) await this.remove();
    await this.create(progress);
    return {
      created: true,
      ...(reason !== undefined && {
        note: `${reason}: ${this.options.name} was made anew, without its data`,
      }),
    };
  }

  private lockFile(): string {
    return join(cacheDir, "locks", `cluster-${this.options.name}`);
  }

  private async inspect(): Promise<Node | undefined> {
    const answer = await docker(["inspect", "--type=container", this.node]).catch(() => "[]");
    return (JSON.parse(answer) as Node[])[0];
  }

  private requireOwnership(): Promise<Owner | undefined> {
    return requireOwnership({
      name: this.options.name,
      kubeconfig: this.kubeconfig(),
      removal: `k3d cluster delete ${this.options.name}`,
    });
  }

  private async requireFreePorts(): Promise<void> {
    await requireFreePorts(this.options.nodePorts.map((port) => this.hostPort(port)));
  }

  private async create(progress: Progress): Promise<void> {
    await this.requireFreePorts();
    await requireNodeImage();
    const k3d = await ensureK3d(progress);
    await raiseInotifyLimits();
    await writeOwner(this.options.name, { clone: root, isComplete: false });
    await mkdir(stateDir, { recursive: true });
    await rm(this.kubeconfig(), { force: true });
    const config = join(stateDir, `k3d-${this.options.name}.yaml`);
    await writeFile(config, k3dConfig(this.options));
    try {
      await this.run(k3d, ["cluster", "create", `--config=${config}`], "Making", progress);
    } catch (error) {
      // k3d's own way back misses what it made before the first container.
      await this.remove();
      throw error;
    }
    await this.writeKubeconfig(progress);
    await writeOwner(this.options.name, { clone: root, isComplete: true });
  }

  /** Brings an existing node back if it was stopped, with its data. */
  private async start(node: Node, progress: Progress): Promise<void> {
    if (node.State.Running) return;
    const k3d = await ensureK3d(progress);
    const wait = ["--wait", `--timeout=${createTimeout}s`];
    await this.run(k3d, ["cluster", "start", this.options.name, ...wait], "Starting", progress);
  }

  private async run(
    k3d: string,
    args: readonly string[],
    doing: string,
    progress: Progress,
  ): Promise<void> {
    await runLogged(
      k3d,
      args,
      {
        what: `${doing} the k3d cluster ${this.options.name}`,
        cure: "Run the command again; if it fails again, free memory and disk space or restart Docker.",
        logFile: join(cacheDir, "logs", `k3d-${this.options.name}.log`),
      },
      progress,
    );
  }

  private async writeKubeconfig(progress: Progress): Promise<void> {
    if (existsSync(this.kubeconfig())) return;
    const k3d = await ensureK3d(progress);
    const content = await capture(k3d, ["kubeconfig", "get", this.options.name]);
    await mkdir(stateDir, { recursive: true });
    await writeFile(this.kubeconfig(), `${content}\n`, { mode: 0o600 });
  }

  /** k3d passes over an image that Docker does not have, and ends with success all the same. */
  private async requireImages(list: readonly string[], refs: readonly string[]): Promise<void> {
    const absent = missingImages(refs, await docker(list));
    if (absent.length === 0) return;
    throw new UserError(`k3d did not load into ${this.options.name}: ${absent.join(", ")}`, {
      cure: "Check the free disk space (`df -h`), then try again.",
    });
  }

  /** What `k3d cluster delete` does, without the need for k3d to be there. */
  private async remove(): Promise<void> {
    const label = `label=k3d.cluster=${this.options.name}`;
    const containers = await docker(["ps", "--all", "--quiet", "--filter", label]);
    if (containers !== "") await docker(["rm", "--force", "--volumes", ...containers.split("\n")]);
    await dockerSucceeds(["volume", "rm", `k3d-${this.options.name}-images`]);
    await dockerSucceeds(["network", "rm", `k3d-${this.options.name}`]);
    await removeOwner(this.options.name);
  }
}

/** @throws UserError where k3s's image is neither there nor to be had; it cannot be built here. */
async function requireNodeImage(): Promise<void> {
  if ((await imageExists(k3sImage)) || (await registryReachable())) return;
  throw new UserError(`k3d needs the image ${k3sImage}, and Docker Hub does not answer`, {
    cure: "Leave out `--cluster k3d` (kind's node image is built where it cannot be pulled), or load that image with `docker load`.",
  });
}
