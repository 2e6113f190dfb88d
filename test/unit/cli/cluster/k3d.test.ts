import { chmod, mkdir, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeEach, describe, expect, it, vi } from "vitest";
import { parse } from "yaml";

import { k3dConfig, k3sImage } from "../../../../cli/cluster/k3d-config.ts";
import { isSuitableK3d, k3dVersion } from "../../../../cli/cluster/k3d-binary.ts";
import type { UserError } from "../../../../cli/errors.ts";

const options = { name: "lakehouse-test", nodePorts: [30092, 30900], portOffset: 100 };
const node = "k3d-lakehouse-test-server-0";
const image = "localhost/lakehouse/kafka:1";

/** A Docker engine that remembers what it was asked, and what k3d's stand-in has made in it. */
const engine = vi.hoisted(() => ({
  asked: [] as string[],
  node: undefined as object | undefined,
  inNode: "",
  hasImage: true,
  registry: true,
}));

const state = vi.hoisted(() => ({ cacheDir: "", stateDir: "", root: "" }));
vi.mock("../../../../cli/host/paths.ts", () => state);
vi.mock("../../../../cli/host/inotify.ts", () => ({ raiseInotifyLimits: () => Promise.resolve() }));
vi.mock("../../../../cli/build/registry.ts", () => ({
  registryReachable: () => Promise.resolve(engine.registry),
}));
vi.mock("../../../../cli/cluster/ports.ts", () => ({ requireFreePorts: () => Promise.resolve() }));
vi.mock("../../../../cli/host/docker.ts", () => ({
  ensureDocker: () => Promise.resolve(),
  isDockerInstalled: () => true,
  imageExists: () => Promise.resolve(engine.hasImage),
  dockerSucceeds: (args: string[]) => {
    engine.asked.push(args.join(" "));
    return Promise.resolve(true);
  },
  docker: (args: string[]) => {
    const command = args.join(" ");
    if (command.startsWith("inspect")) {
      return Promise.resolve(JSON.stringify(engine.node === undefined ? [] : [engine.node]));
    }
    engine.asked.push(command);
    if (command.includes(" images ls ")) return Promise.resolve(engine.inNode);
    return Promise.resolve(command.startsWith("ps ") ? "0123abc" : "");
  },
}));

const { K3dCluster } = await import("../../../../cli/cluster/k3d.ts");
const { writeOwner, readOwner } = await import("../../../../cli/cluster/owner.ts");
const silent = (): void => undefined;
const path = process.env["PATH"];

/** A k3d that notes its command lines, and does as it is told. */
const k3d = `#!/bin/sh
echo "$*" >> "$K3D_LOG"
case "$1 $2" in
  "version ") echo "k3d version ${k3dVersion}" ;;
  "kubeconfig get") echo "kind: Config" ;;
  "cluster create") cp "\${3#--config=}" "$K3D_LOG.yaml"; echo "INFO[0000] Prep: Network"; exit "$K3D_EXIT" ;;
esac
`;

const commands = async (): Promise<string[]> =>
  (await readFile(process.env["K3D_LOG"] ?? "", "utf8").catch(() => ""))
    .split("\n")
    .filter((line) => line !== "" && line !== "version");

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "k3d-"));
  await mkdir(join(folder, "bin"));
  await writeFile(join(folder, "bin", "k3d"), k3d);
  await chmod(join(folder, "bin", "k3d"), 0o755);
  process.env["PATH"] = `${join(folder, "bin")}:${path ?? ""}`;
  process.env["K3D_LOG"] = join(folder, "k3d.log");
  process.env["K3D_EXIT"] = "0";
  state.cacheDir = join(folder, "cache");
  state.stateDir = join(folder, "state");
  state.root = folder;
  await writeFile(join(folder, "package.json"), "{}");
  Object.assign(engine, { asked: [], node: undefined, inNode: "", hasImage: true, registry: true });
  return () => rm(folder, { recursive: true });
});

afterAll(() => {
  process.env["PATH"] = path;
});

const running = (isRunning: boolean, offset = 100) => ({
  State: { Running: isRunning },
  HostConfig: {
    PortBindings: Object.fromEntries(
      options.nodePorts.map((port) => [
        `${port}/tcp`,
        [{ HostIp: "127.0.0.1", HostPort: String(port + offset) }],
      ]),
    ),
  },
});

describe("k3d's configuration", () => {
  it("maps the node's ports straight to loopback, moved by the offset", () => {
    const { ports, options: given, ...rest } = parse(k3dConfig(options)) as Record<string, unknown>;
    expect(rest).toEqual({
      apiVersion: "k3d.io/v1alpha5",
      kind: "Simple",
      metadata: { name: "lakehouse-test" },
      servers: 1,
      agents: 0,
      image: k3sImage,
      kubeAPI: { hostIP: "127.0.0.1" },
    });
    expect(ports).toEqual([
      { port: "127.0.0.1:30192:30092/tcp", nodeFilters: ["server:0:direct"] },
      { port: "127.0.0.1:31000:30900/tcp", nodeFilters: ["server:0:direct"] },
    ]);
    expect(given).toMatchObject({
      k3d: { wait: true, disableLoadbalancer: true },
      kubeconfig: { updateDefaultKubeconfig: false, switchCurrentContext: false },
    });
  });

  it("names one image, by its tag", () => {
    expect(k3sImage).toMatch(/^docker\.io\/rancher\/k3s:v1\.\d+\.\d+-k3s\d+$/);
  });

  it("is of the version that go.mod pins", async () => {
    const module = await readFile("images/tools/k3d/go.mod", "utf8");
    expect(module).toContain(`github.com/k3d-io/k3d/v5 ${k3dVersion} `);
  });
});

it.each([
  ["k3d version v5.8.3\nk3s version v1.31.5-k3s1 (default)", true],
  ["k3d version v5.4.9", false],
  ["k3d version v6.0.0", false],
  ["", false],
])("isSuitableK3d(%j) is %s", (version, answer) => {
  expect(isSuitableK3d(version)).toBe(answer);
});

describe("a k3d cluster", () => {
  it("is made from its configuration, with a kubeconfig for this user alone", async () => {
    const cluster = new K3dCluster(options);
    expect(await cluster.ensure(silent)).toEqual({ created: true });
    const config = join(state.stateDir, "k3d-lakehouse-test.yaml");
    expect(await commands()).toEqual([
      `cluster create --config=${config}`,
      "kubeconfig get lakehouse-test",
    ]);
    expect(await readFile(`${folder}/k3d.log.yaml`, "utf8")).toBe(k3dConfig(options));
    expect((await stat(cluster.kubeconfig())).mode & 0o777).toBe(0o600);
    expect(await readOwner("lakehouse-test")).toEqual({ clone: folder, isComplete: true });
    expect(cluster.hostPort(30092)).toBe(30192);
  });

  it("is used as it is while it runs, and started with its data when it was stopped", async () => {
    await writeOwner("lakehouse-test", { clone: folder, isComplete: true });
    engine.node = running(true);
    expect(await new K3dCluster(options).ensure(silent)).toEqual({ created: false });
    expect(await commands()).toEqual(["kubeconfig get lakehouse-test"]);
    engine.node = running(false);
    expect(await new K3dCluster(options).ensure(silent)).toEqual({ created: false });
    expect((await commands()).at(-1)).toBe("cluster start lakehouse-test --wait --timeout=180s");
  });

  it("is made anew after a run that was interrupted", async () => {
    await writeOwner("lakehouse-test", { clone: folder, isComplete: false });
    engine.node = running(true);
    const { created, note } = await new K3dCluster(options).ensure(silent);
    expect(created).toBe(true);
    expect(note).toContain("interrupted");
    expect(engine.asked).toContain("rm --force --volumes 0123abc");
  });

  it("gets the images that it lacks, straight into its node", async () => {
    const cluster = new K3dCluster(options);
    await cluster.ensure(silent);
    engine.inNode = "localhost/lakehouse/minio:1\n";
    const loading = cluster.loadImages([["localhost/lakehouse/minio:1", image]], silent);
    await expect(loading).rejects.toThrow(`did not load into lakehouse-test: ${image}`);
    expect((await commands()).at(-1)).toBe(
      `image import ${image} --cluster=lakehouse-test --mode=direct`,
    );
    engine.inNode += `${image}\n`;
    await cluster.loadImages([[image]], silent);
    expect((await commands()).filter((line) => line.startsWith("image"))).toHaveLength(1);
    expect(engine.asked).toContain(`exec ${node} ctr --namespace=k8s.io images ls --quiet`);
  });

  it("leaves nothing behind when it is removed, or could not be made", async () => {
    const removed = [
      "ps --all --quiet --filter label=k3d.cluster=lakehouse-test",
      "rm --force --volumes 0123abc",
      "volume rm k3d-lakehouse-test-images",
      "network rm k3d-lakehouse-test",
    ];
    process.env["K3D_EXIT"] = "1";
    const failure = await new K3dCluster(options).ensure(silent).catch((error: unknown) => error);
    expect((failure as UserError).message).toContain(
      "Making the k3d cluster lakehouse-test failed",
    );
    expect((failure as UserError).log).toContain("Prep: Network");
    expect(engine.asked).toEqual(removed);
    expect(await readOwner("lakehouse-test")).toBeUndefined();

    engine.asked.length = 0;
    await new K3dCluster(options).destroy(silent);
    expect(engine.asked).toEqual(removed);
  });

  it("is refused with the cure where its image cannot be had", async () => {
    Object.assign(engine, { hasImage: false, registry: false });
    const cluster = new K3dCluster(options);
    const failure = await cluster.ensure(silent).catch((error: unknown) => error as UserError);
    expect(failure).toMatchObject({
      message: `k3d needs the image ${k3sImage}, and Docker Hub does not answer`,
      cure: expect.stringContaining("Leave out `--cluster k3d`") as string,
    });
    await expect(cluster.loadImages([[image]], silent)).rejects.toBe(failure);
    expect(await commands()).toEqual([]);
  });

  it("that maps other ports, or belongs to another clone, is left alone", async () => {
    await writeOwner("lakehouse-test", { clone: folder, isComplete: true });
    engine.node = running(true, 0);
    await expect(new K3dCluster(options).ensure(silent)).rejects.toThrow("with other ports: 30092");
    const other = await mkdtemp(join(tmpdir(), "clone-"));
    await writeFile(join(other, "package.json"), "{}");
    await writeOwner("lakehouse-test", { clone: other, isComplete: true });
    await expect(new K3dCluster(options).destroy(silent)).rejects.toThrow("another clone");
    await rm(other, { recursive: true });
  });
});
