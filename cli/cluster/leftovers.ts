import { docker, dockerSucceeds, isDockerInstalled, isDockerRunning } from "../host/docker.ts";

const imagePattern = "reference=localhost/lakehouse/*";

/**
 * Lists what still exists of a kind or k3d cluster: containers and networks, kind's own if nothing
 * uses it.
 */
export async function leftovers(cluster: string): Promise<string[]> {
  if (!isDockerInstalled() || !(await isDockerRunning())) return [];
  const list = async (label: string): Promise<string[]> => {
    const names = await docker(["ps", "--all", "--filter", label, "--format", "{{.Names}}"]);
    return names.split("\n").filter((name) => name !== "");
  };
  const containers = [
    ...(await list(`label=io.x-k8s.kind.cluster=${cluster}`)),
    ...(await list(`label=k3d.cluster=${cluster}`)),
  ];
  const anyKind = await list("label=io.x-k8s.kind.cluster");
  const exists = (network: string) => dockerSucceeds(["network", "inspect", network]);
  const isKindLeft = (await exists("kind")) && anyKind.length === 0;
  return [
    ...containers.map((name) => `container ${name}`),
    ...(isKindLeft ? ["network kind"] : []),
    ...((await exists(`k3d-${cluster}`)) ? [`network k3d-${cluster}`] : []),
  ];
}

/** Removes every image that this project made and returns how many there were. */
export async function removeImages(): Promise<number> {
  if (!isDockerInstalled() || !(await isDockerRunning())) return 0;
  const answer = await docker(["images", "--quiet", "--filter", imagePattern]);
  const images = [...new Set(answer.split("\n").filter((id) => id !== ""))];
  if (images.length > 0) await docker(["rmi", "--force", ...images]);
  // Layers that the builds of those images left without a name.
  await docker(["image", "prune", "--force"]);
  return images.length;
}
