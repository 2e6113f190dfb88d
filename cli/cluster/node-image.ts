import { createHash } from "node:crypto";
import { chmod, copyFile, cp, mkdir, readdir, readFile, rm, symlink } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { ensureBase } from "../build/base.ts";
import { buildGo, buildHash, ensureGo, type GoBuild, goModuleFolder } from "../build/go.ts";
import { registryReachable } from "../build/registry.ts";
import { capture } from "../host/command.ts";
import {
  docker,
  dockerCommand,
  dockerLogged,
  dockerSucceeds,
  imageExists,
  pullImage,
} from "../host/docker.ts";
import { withLock } from "../host/lock.ts";
import { cacheDir, root } from "../host/paths.ts";
import { waitFor } from "../host/wait.ts";
import type { Progress } from "../progress.ts";
import { kindModuleDir } from "./kind-binary.ts";

/** The node image that kind v0.30 uses by default; its digest comes from kind's own source. */
const upstreamImage =
  "docker.io/kindest/node:v1.34.0@sha256:7416a61b42b1662ca6ca89f02028ac133a309a2a30ba309614e8ec94d976dc5a";

const sources = join(root, "images", "kind-node");
const programs = join(sources, "programs");
/** What the Containerfile copies lies here while the image is built. */
const context = join(cacheDir, "kind-node-context");
/** Also the name in files/kind/manifests/default-storage.yaml. */
const provisionerImage = "localhost/lakehouse/local-path-provisioner:node";

/**
 * Returns the reference of an image for the node of a kind cluster: kind's own where it can be
 * pulled, else one built from Debian packages and Go modules, once for each content of
 * images/kind-node. Needs a running Docker engine.
 */
export async function ensureNodeImage(progress: Progress): Promise<string> {
  const pulled =
    (await imageExists(upstreamImage)) ||
    ((await registryReachable()) && (await pullUpstream(progress)));
  if (pulled) return upstreamImage;

  const base = await ensureBase("bookworm", progress);
  const version = await kubernetesVersion();
  const builds = nodePrograms(version);
  const ref = `localhost/lakehouse/kind-node:${await contentHash(base, builds, progress)}`;
  return withLock(join(cacheDir, "locks", "kind-node"), async () => {
    if (await imageExists(ref)) return ref;
    try {
      await stageContext(builds, progress);
      await buildImages(base, version, ref, progress);
    } finally {
      await rm(context, { recursive: true, force: true });
    }
    return ref;
  });
}

async function pullUpstream(progress: Progress): Promise<boolean> {
  progress(`pulling ${upstreamImage}`);
  return pullImage(upstreamImage, { timeout: 10 * 60_000 });
}

/** The version of Kubernetes is written once, in the go.mod that pins its source. */
async function kubernetesVersion(): Promise<string> {
  const module = await readFile(join(programs, "go.mod"), "utf8");
  const version = /^\s*k8s\.io\/kubernetes (v\S+)$/m.exec(module)?.[1];
  if (version === undefined) throw new Error(`${programs}/go.mod names no version of Kubernetes`);
  return version;
}

/** The programs of a node. They are one module, since most of their code is the same libraries. */
export function nodePrograms(version: string): GoBuild[] {
  const [, major = "", minor = ""] = /^v(\d+)\.(\d+)\./.exec(version) ?? [];
  const stamps = ["k8s.io/component-base/version", "k8s.io/client-go/pkg/version"].flatMap(
    (variables) => [
      `-X ${variables}.gitVersion=${version}`,
      `-X ${variables}.gitMajor=${major}`,
      `-X ${variables}.gitMinor=${minor}`,
    ],
  );
  const program = (output: string, main: string, ldflags = "-s -w"): GoBuild => ({
    name: output,
    moduleDir: programs,
    package: main,
    output,
    ldflags,
  });
  return [
    program("kubernetes", "./kubernetes", ["-s -w", ...stamps].join(" ")),
    program("coredns", "./coredns"),
    program("etcd", "go.etcd.io/etcd/server/v3"),
    program("local-path-provisioner", "github.com/rancher/local-path-provisioner"),
  ];
}

/** Names the image by all that goes into it, without building anything yet. */
async function contentHash(
  base: string,
  builds: readonly GoBuild[],
  progress: Progress,
): Promise<string> {
  const go = await ensureGo(progress);
  const hash = createHash("sha256").update(base);
  for (const build of builds) hash.update(await buildHash(build, go.version));
  const files = await readdir(join(sources, "files"), { recursive: true, withFileTypes: true });
  const paths = files
    .filter((file) => file.isFile())
    .map(({ parentPath, name }) => join(parentPath, name));
  paths.push(join(sources, "Containerfile"), join(kindModuleDir, "go.sum"));
  for (const path of paths.toSorted()) hash.update(await readFile(path));
  return hash.digest("hex").slice(0, 12);
}

/** Lays out what the Containerfile copies; see its head. */
async function stageContext(builds: readonly GoBuild[], progress: Progress): Promise<void> {
  await rm(context, { recursive: true, force: true });
  await mkdir(join(context, "bin"), { recursive: true });
  for (const build of builds) {
    const binary = await buildGo(build, progress);
    await copyFile(binary, join(context, "bin", build.output));
  }
  const kind = await goModuleFolder(kindModuleDir, "sigs.k8s.io/kind", progress);
  await cp(join(kind, "images", "base", "files"), join(context, "kind"), { recursive: true });
  await cp(join(sources, "files"), join(context, "files"), { recursive: true });
  await makeWritable(context);
}

/** Files of Go's module cache are read-only, folders too. */
async function makeWritable(folder: string): Promise<void> {
  await chmod(folder, 0o755);
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) await makeWritable(path);
    else await chmod(path, folder.endsWith("/bin") ? 0o755 : 0o644);
  }
}

async function buildImages(
  base: string,
  version: string,
  ref: string,
  progress: Progress,
): Promise<void> {
  const tag = ref.split(":")[1] ?? "";
  const build = async (target: string): Promise<string> => {
    const image = `localhost/lakehouse/kind-${target}-stage:${tag}`;
    await dockerLogged(
      [
        ...["build", "--target", target, "--tag", image, "--file", join(sources, "Containerfile")],
        ...["--build-arg", `BASE=${base}`, "--build-arg", `KUBERNETES_VERSION=${version}`, context],
      ],
      {
        what: "Building the node image",
        cure: "Check that containers can reach the Debian mirror, then try again.",
        logFile: join(cacheDir, "logs", `kind-${target}.log`),
      },
      progress,
    );
    return image;
  };
  const stages = [await build("system"), await build("coredns"), await build("node")] as const;
  const [system, coredns, node] = stages;
  const images = [...(await podImages(version)), provisionerImage];
  const isCoredns = (image: string): boolean => image.includes("/coredns:");
  for (const image of images) await docker(["tag", isCoredns(image) ? coredns : system, image]);
  progress("storing the images of the control plane in the node image");
  await commitWithImages(node, images, ref);
  await docker(["rmi", ...images, ...stages]);
}

/** The images that kubeadm will ask for, with the sandbox image that kind gives to containerd. */
async function podImages(version: string): Promise<string[]> {
  const kubeadm = join(context, "kubeadm");
  await symlink("bin/kubernetes", kubeadm);
  const list = await capture(kubeadm, [
    "config",
    "images",
    "list",
    "--kubernetes-version",
    version,
  ]);
  const containerd = await readFile(
    join(context, "kind", "etc", "containerd", "config.toml"),
    "utf8",
  );
  return withSandboxImage(list.split("\n"), containerd);
}

/** Puts containerd's sandbox image in the place of the one that kubeadm lists. */
export function withSandboxImage(images: readonly string[], containerdConfig: string): string[] {
  const sandbox = /^\s*sandbox_image\s*=\s*"([^"]+)"/m.exec(containerdConfig)?.[1];
  if (sandbox === undefined) throw new Error("kind's containerd config names no sandbox image");
  return [...images.filter((image) => image !== "" && !image.includes("/pause:")), sandbox];
}

/**
 * Imports images into the containerd of a node image, as `kind build node-image` does: they are
 * unpacked only when a cluster is created, since an overlay cannot be unpacked onto an overlay.
 */
async function commitWithImages(
  node: string,
  images: readonly string[],
  ref: string,
): Promise<void> {
  const container = await docker(["run", "--detach", "--entrypoint", "containerd", node]);
  try {
    const ctr = ["exec", "--interactive", container, "ctr", "--namespace=k8s.io"];
    const isReady = await waitFor(() => dockerSucceeds([...ctr, "version"]), 30_000);
    if (isReady === undefined) throw new Error("containerd does not start in the node image");
    const load = [...ctr, "images", "import", "--no-unpack", "--digests", "-"];
    await execa(dockerCommand(), ["save", ...images], { buffer: false }).pipe(
      dockerCommand(),
      load,
    );
    await docker(["stop", container]);
    const entrypoint = 'ENTRYPOINT ["/usr/local/bin/entrypoint", "/sbin/init"]';
    await docker(["commit", "--change", entrypoint, container, ref]);
  } finally {
    await docker(["rm", "--force", "--volumes", container]);
  }
}
