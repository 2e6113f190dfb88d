import { docker, dockerSucceeds, isDockerInstalled, isDockerRunning } from "../host/docker.ts";
import { readOwner } from "./owner.ts";

const imagePattern = "reference=localhost/lakehouse/*";
/** Labels by which kind and k3d note a container's cluster. */
const clusterLabels = { kind: "io.x-k8s.kind.cluster", k3d: "k3d.cluster" };

/**
 * Lists what still exists of a kind or k3d cluster: containers and networks, kind's own if nothing
 * uses it.
 */
export async function leftovers(cluster: string): Promise<string[]> {
  if (!(await hasEngine())) return [];
  const list = (label: string) => containers(label, "{{.Names}}");
  const own = [
    ...(await list(`${clusterLabels.kind}=${cluster}`)),
    ...(await list(`${clusterLabels.k3d}=${cluster}`)),
  ];
  const anyKind = await list(clusterLabels.kind);
  const exists = (network: string) => dockerSucceeds(["network", "inspect", network]);
  const isKindLeft = (await exists("kind")) && anyKind.length === 0;
  return [
    ...own.map((name) => `container ${name}`),
    ...(isKindLeft ? ["network kind"] : []),
    ...((await exists(`k3d-${cluster}`)) ? [`network k3d-${cluster}`] : []),
  ];
}

/** A cluster of this project beside the one that a command is about. */
export interface OtherCluster {
  /** `lakehouse-` and the name of its stack. */
  readonly name: string;
  /** Root folder of the clone that made it, if that is known. */
  readonly clone: string | undefined;
}

/** The project's other clusters on this Docker engine, of this clone and of others. */
export async function clustersBeside(cluster: string): Promise<OtherCluster[]> {
  if (!(await hasEngine())) return [];
  const names = await Promise.all(
    Object.values(clusterLabels).map((label) => containers(label, `{{.Label "${label}"}}`)),
  );
  const others = [...new Set(names.flat())].filter(
    (name) => name.startsWith("lakehouse-") && name !== cluster,
  );
  return Promise.all(others.map(async (name) => ({ name, clone: (await readOwner(name))?.clone })));
}

/** Names and tags of the images that this project made. */
export async function ownImages(): Promise<string[]> {
  if (!(await hasEngine())) return [];
  return lines(
    await docker(["images", "--filter", imagePattern, "--format", "{{.Repository}}:{{.Tag}}"]),
  );
}

/** Removes every image that this project made and returns how many there were. */
export async function removeImages(): Promise<number> {
  if (!(await hasEngine())) return 0;
  const images = [...new Set(lines(await docker(["images", "--quiet", "--filter", imagePattern])))];
  if (images.length > 0) await docker(["rmi", "--force", ...images]);
  // What builds left without a name does not say whose it is: with images of others about, it stays.
  const named = lines(await docker(["images", "--quiet", "--filter", "dangling=false"]));
  if (named.length === 0) {
    await docker(["image", "prune", "--force"]);
    await dockerSucceeds(["builder", "prune", "--all", "--force"]);
  }
  return images.length;
}

async function hasEngine(): Promise<boolean> {
  return isDockerInstalled() && (await isDockerRunning());
}

async function containers(label: string, format: string): Promise<string[]> {
  return lines(await docker(["ps", "--all", "--filter", `label=${label}`, "--format", format]));
}

function lines(text: string): string[] {
  return text.split("\n").filter((line) => line !== "");
}
