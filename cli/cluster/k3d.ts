import { writeFile } from "node:fs/promises";
import { join } from "node:path";

import { registryReachable } from "../build/registry.ts";
import { UserError } from "../errors.ts";
import { capture, runLogged } from "../host/command.ts";
import { docker, dockerSucceeds, imageExists } from "../host/docker.ts";
import { cacheDir, stateDir } from "../host/paths.ts";
import type { Progress } from "../progress.ts";
import type { ClusterOptions, Ensured } from "./cluster.ts";
import { DockerCluster, type Node } from "./docker-cluster.ts";
import { ensureK3d } from "./k3d-binary.ts";
import { createTimeout, k3dConfig, k3sImage } from "./k3d-config.ts";
import { missingImages } from "./load-images.ts";
import { removeOwner } from "./owner.ts";

/** A cluster of one node in one Docker container, made by k3d (https://k3d.io) from a k3s image. */
export class K3dCluster extends DockerCluster {
  constructor(options: ClusterOptions) {
    super(options, `k3d-${options.name}-server-0`, `k3d cluster delete ${options.name}`);
  }

  override async loadImages(
    groups: readonly (readonly string[])[],
    progress: Progress,
  ): Promise<void> {
    await this.ensured;
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

  protected override async ensureNode(progress: Progress): Promise<Ensured> {
    const node = await this.inspect();
    const reason = node && (await this.reasonToRemake(node));
    if (node !== undefined && reason === undefined) {
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

  private async create(progress: Progress): Promise<void> {
    await this.requireFreePorts();
    await requireNodeImage();
    const k3d = await ensureK3d(progress);
    await this.makeOwned(async () => {
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
    });
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
    await this.ensureKubeconfig(async () =>
      capture(await ensureK3d(progress), ["kubeconfig", "get", this.options.name]),
    );
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
  protected override async remove(): Promise<void> {
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
