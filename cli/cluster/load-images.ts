import { execa } from "execa";
import { UserError } from "../errors.ts";
import { docker, dockerCommand } from "../host/docker.ts";
import type { Progress } from "../progress.ts";

/**
 * Copies images from the Docker engine into the containerd of a kind node. References name their
 * content, so one that is there is not copied again. Each group goes as a stream of its own, in
 * which layers that several images share travel once.
 */
export async function loadImages(
  node: string,
  groups: readonly (readonly string[])[],
  progress: Progress,
): Promise<void> {
  const present = await docker([...ctrImages(node), "ls", "--quiet"]);
  const missing = groups
    .map((refs) => missingImages(refs, present))
    .filter((refs) => refs.length > 0);
  if (missing.length === 0) return;
  progress(`loading ${missing.flat().map(shortName).join(", ")}`);
  await Promise.all(missing.map((refs) => loadStream(node, refs)));
}

async function loadStream(node: string, refs: readonly string[]): Promise<void> {
  const load = [...ctrImages(node), "import", "--digests", "--snapshotter=overlayfs", "-"];
  try {
    await execa(dockerCommand(), ["save", ...refs], { buffer: { stdout: false } }).pipe(
      dockerCommand(),
      load,
    );
  } catch (error) {
    const log = (error as { stderr?: string }).stderr;
    throw new UserError(`Loading images into ${node} failed`, {
      cure: "Check the free disk space (`df -h`) and that Docker runs, then try again.",
      ...(log === undefined ? {} : { log }),
      cause: error,
    });
  }
}

/** Removes other versions of these images from a node. */
export async function pruneImages(node: string, kept: readonly string[]): Promise<void> {
  const old = oldImages(kept, await docker([...ctrImages(node), "ls"]));
  if (old.length > 0) await docker([...ctrImages(node), "rm", ...old]);
}

const ctrImages = (node: string) => [
  ...["exec", "--interactive", node],
  ...["ctr", "--namespace=k8s.io", "images"],
];

/** The references that a node's list of images, one a line, does not have. */
export function missingImages(refs: readonly string[], present: string): string[] {
  const known = new Set(present.split("\n").map((line) => line.trim()));
  return [...new Set(refs)].filter((ref) => !known.has(ref));
}

/**
 * Every name of the other versions of these images in containerd's list: any name, also one by the
 * digest, keeps an image's content.
 */
export function oldImages(kept: readonly string[], list: string): string[] {
  const repository = (ref: string) => ref.replace(/:[^:/]*$/, "");
  const repositories = new Set(kept.map(repository));
  const present = list.split("\n").map((line) => {
    const [ref = "", , digest = ""] = line.split(/\s+/);
    return { ref, digest };
  });
  const digests = new Set(
    present
      .filter(({ ref }) => repositories.has(repository(ref)) && !kept.includes(ref))
      .map(({ digest }) => digest),
  );
  for (const { ref, digest } of present) if (kept.includes(ref)) digests.delete(digest);
  return present.filter(({ digest }) => digests.has(digest)).map(({ ref }) => ref);
}

/** `localhost/lakehouse/kafka:0123` as `kafka`. */
function shortName(ref: string): string {
  return ref.replace(/^.*\//, "").replace(/:.*$/, "");
}
