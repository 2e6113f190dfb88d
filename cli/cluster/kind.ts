import { chmod } from "node:fs/promises";
import { join } from "node:path";
import { capture, runLogged } from "../host/command.ts";
import { docker, dockerSucceeds } from "../host/docker.ts";
import { cacheDir } from "../host/paths.ts";
import { waitFor } from "../host/wait.ts";
import type { Progress } from "../progress.ts";
import type { ClusterOptions, Ensured } from "./cluster.ts";
import { DockerCluster, type Node } from "./docker-cluster.ts";
import { imageStore, prepareImageStore, removeImageStore } from "./image-store.ts";
import { ensureKind } from "./kind-binary.ts";
import { kindConfig } from "./kind-config.ts";
import { loadImages } from "./load-images.ts";
import { ensureNodeImage } from "./node-image.ts";
import { removeOwner } from "./owner.ts";

/** A node that was stopped with all its pods needs most of a minute on two busy cores. */
const recoveryTimeout = 180_000;
const createTimeout = 120_000;

/** A cluster of one node in one Docker container, made by kind (https://kind.sigs.k8s.io). */
export class KindCluster extends DockerCluster {
  /** Resolves when the node's containerd is there to stay and takes images. */
  private readonly containerd = Promise.withResolvers<undefined>();

  constructor(options: ClusterOptions) {
    const node = `${options.name}-control-plane`;
    super(options, node, `docker rm --force --volumes ${node}`);
  }

  override async loadImages(
    groups: readonly (readonly string[])[],
    progress: Progress,
  ): Promise<void> {
    await this.containerd.promise;
    try {
      await loadImages(this.node, groups, progress);
    } catch (error) {
      // A node that could not be made is the better reason.
      await this.ensured;
      throw error;
    }
  }

  protected override async ensureNode(progress: Progress): Promise<Ensured> {
    const node = await this.inspect();
    if (node === undefined) {
      await this.create(progress);
      return { created: true };
    }
    const reason = (await this.reasonToRemake(node)) ?? (await this.bringBack(node, progress));
    if (reason === undefined) {
      await this.ensureKubeconfig(async () =>
        capture(await ensureKind(progress), ["get", "kubeconfig", `--name=${this.options.name}`]),
      );
      this.containerd.resolve(undefined);
      return { created: false };
    }
    progress(`${reason}: making ${this.options.name} anew`);
    await this.remove();
    await this.create(progress);
    return {
      created: true,
      note: `${reason}: ${this.options.name} was made anew, without its data`,
    };
  }

  /** Brings an existing node back if need be. Returns why it cannot be used, if so. */
  private async bringBack(node: Node, progress: Progress): Promise<string | undefined> {
    if (node.State.Running && (await this.isReady())) return undefined;
    if (!node.State.Running) {
      progress("starting the node, which was stopped");
      const isStarted = await dockerSucceeds(["start", this.node]);
      if (!isStarted) return "The stopped node did not start again";
    }
    progress("waiting for the node to be ready");
    const isReady = await waitFor(() => this.isRecovered(), recoveryTimeout);
    return isReady === undefined
      ? `The node did not become ready again within ${recoveryTimeout / 1000} s`
      : undefined;
  }

  private async isReady(): Promise<boolean> {
    const probe =
      "curl --silent --fail http://127.0.0.1:10248/healthz >/dev/null && " +
      "kubectl --kubeconfig=/etc/kubernetes/admin.conf get --raw /readyz >/dev/null";
    return dockerSucceeds(["exec", this.node, "sh", "-c", probe], { timeout: 10_000 });
  }

  /** Ready, and its network and DNS too: until then pods still show the state before the stop. */
  private async isRecovered(): Promise<boolean> {
    if (!(await this.isReady())) return false;
    const wait = ["wait", "--for=condition=Ready", "pods", "--all", "--timeout=1s"];
    const kubectl = ["kubectl", "--kubeconfig=/etc/kubernetes/admin.conf", "-n", "kube-system"];
    return dockerSucceeds(["exec", this.node, ...kubectl, ...wait], { timeout: 10_000 });
  }

  private async create(progress: Progress): Promise<void> {
    await this.requireFreePorts();
    const image = await ensureNodeImage(progress);
    const kind = await ensureKind(progress);
    await this.makeOwned(async () => {
      const store = imageStore(this.options.name, image);
      try {
        if (store !== undefined) await prepareImageStore(this.options.name, store, image);
        await this.runKind(kind, kindConfig(this.options, image, store), progress);
      } catch (error) {
        // Whatever is wrong, the next try does not inherit it.
        await removeImageStore(this.options.name);
        throw error;
      }
      this.containerd.resolve(undefined);
      await chmod(this.kubeconfig(), 0o600);
    });
  }

  private async runKind(kind: string, config: string, progress: Progress): Promise<void> {
    await runLogged(
      kind,
      [
        ...["create", "cluster", "--config=-", `--kubeconfig=${this.kubeconfig()}`],
        `--wait=${createTimeout / 1000}s`,
      ],
      {
        input: config,
        what: `Making the kind cluster ${this.options.name}`,
        cure: "Run the command again; if it fails again, free memory and disk space or restart Docker.",
        logFile: join(cacheDir, "logs", `kind-${this.options.name}.log`),
      },
      (line) => {
        // Before this step kind restarts containerd with the settings of the config.
        if (line.includes("Starting control-plane")) this.containerd.resolve(undefined);
        progress(line);
      },
    );
  }

  /** What `kind delete cluster` does, without the need for kind to be there. */
  protected override async remove(): Promise<void> {
    if ((await this.inspect()) !== undefined) {
      await docker(["rm", "--force", "--volumes", this.node]);
    }
    await removeOwner(this.options.name);
    // kind's network is shared by all of its clusters, and no use to anybody without them.
    const others = await docker([
      "ps",
      "--all",
      "--quiet",
      "--filter",
      "label=io.x-k8s.kind.cluster",
    ]);
    if (others === "") await dockerSucceeds(["network", "rm", "kind"]);
  }
}
