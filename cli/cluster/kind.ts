import { chmod, mkdir, rm, writeFile } from "node:fs/promises";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { capture, runLogged } from "../host/command.ts";
import {
  docker,
  dockerSucceeds,
  ensureDocker,
  isDockerInstalled,
  isDockerRunning,
} from "../host/docker.ts";
import { raiseInotifyLimits } from "../host/inotify.ts";
import { withLock } from "../host/lock.ts";
import { cacheDir, root, stateDir } from "../host/paths.ts";
import { waitFor } from "../host/wait.ts";
import type { Progress } from "../progress.ts";
import type { Cluster, ClusterOptions, Ensured } from "./cluster.ts";
import {
  type PortBindings,
  reasonToRemake,
  requireMappedPorts,
  requireOwnership,
} from "./existing.ts";
import { imageStore, prepareImageStore, removeImageStore } from "./image-store.ts";
import { ensureKind } from "./kind-binary.ts";
import { kindConfig } from "./kind-config.ts";
import { loadImages } from "./load-images.ts";
import { ensureNodeImage } from "./node-image.ts";
import { type Owner, removeOwner, writeOwner } from "./owner.ts";
import { requireFreePorts } from "./ports.ts";

/** A node that was stopped with all its pods needs most of a minute on two busy cores. */
const recoveryTimeout = 180_000;
const createTimeout = 120_000;

/** What `docker inspect` says of a node, as far as it matters here. */
interface Node {
  readonly State: { readonly Running: boolean };
  readonly HostConfig: { readonly PortBindings: PortBindings };
}

/** A cluster of one node in one Docker container, made by kind (https://kind.sigs.k8s.io). */
export class KindCluster implements Cluster {
  private readonly options: ClusterOptions;
  private readonly node: string;
  /** Resolves when the node's containerd is there to stay and takes images. */
  private readonly containerd = Promise.withResolvers<undefined>();
  private ensured: Promise<Ensured> | undefined;

  constructor(options: ClusterOptions) {
    this.options = options;
    this.node = `${options.name}-control-plane`;
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

  ensure(progress: Progress): Promise<Ensured> {
    this.ensured = ensureDocker(progress).then(() =>
      withLock(this.lockFile(), () => this.ensureNode(progress)),
    );
    return this.ensured;
  }

  async loadImages(groups: readonly (readonly string[])[], progress: Progress): Promise<void> {
    await this.containerd.promise;
    try {
      await loadImages(this.node, groups, progress);
    } catch (error) {
      // A node that could not be made is the better reason.
      await this.ensured;
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
    if (node === undefined) {
      await this.create(progress);
      return { created: true };
    }
    const reason = await this.reasonToRemake(node, progress);
    if (reason === undefined) {
      await this.ensureKubeconfig(progress);
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

  private lockFile(): string {
    return join(cacheDir, "locks", `cluster-${this.options.name}`);
  }

  private async inspect(): Promise<Node | undefined> {
    const answer = await docker(["inspect", "--type=container", this.node]).catch(() => "[]");
    return (JSON.parse(answer) as Node[])[0];
  }

  /** Brings an existing node back if need be. Returns why it cannot be used, if so. */
  private async reasonToRemake(node: Node, progress: Progress): Promise<string | undefined> {
    const reason = reasonToRemake(await this.requireOwnership());
    if (reason !== undefined) return reason;
    requireMappedPorts(this.options, node.HostConfig.PortBindings);
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

  private requireOwnership(): Promise<Owner | undefined> {
    return requireOwnership({
      name: this.options.name,
      kubeconfig: this.kubeconfig(),
      removal: `docker rm --force --volumes ${this.node}`,
    });
  }

  private async requireFreePorts(): Promise<void> {
    await requireFreePorts(this.options.nodePorts.map((port) => this.hostPort(port)));
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
    await raiseInotifyLimits();
    await writeOwner(this.options.name, { clone: root, isComplete: false });
    await mkdir(stateDir, { recursive: true });
    await rm(this.kubeconfig(), { force: true });
    const store = imageStore(this.options.name, image);
    if (store !== undefined) await prepareImageStore(this.options.name, store, image);
    try {
      await this.runKind(kind, kindConfig(this.options, image, store), progress);
    } catch (error) {
      // Whatever is wrong, the next try does not inherit it.
      await removeImageStore(this.options.name);
      throw error;
    }
    this.containerd.resolve(undefined);
    await chmod(this.kubeconfig(), 0o600);
    await writeOwner(this.options.name, { clone: root, isComplete: true });
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

  private async ensureKubeconfig(progress: Progress): Promise<void> {
    if (existsSync(this.kubeconfig())) return;
    const kind = await ensureKind(progress);
    const content = await capture(kind, ["get", "kubeconfig", `--name=${this.options.name}`]);
    await mkdir(stateDir, { recursive: true });
    await writeFile(this.kubeconfig(), `${content}\n`, { mode: 0o600 });
  }

  /** What `kind delete cluster` does, without the need for kind to be there. */
  private async remove(): Promise<void> {
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
