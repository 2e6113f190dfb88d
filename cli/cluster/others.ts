import { readdir } from "node:fs/promises";

import { UserError } from "../errors.ts";
import { ensureDocker, isDockerInstalled } from "../host/docker.ts";
import { root, stateDir } from "../host/paths.ts";
import { clustersBeside, type OtherCluster } from "./leftovers.ts";

/**
 * Checks that no stack but one needs what all stacks share: images, caches (in which the clusters'
 * own images lie) and this clone's state.
 * @throws UserError that names each of the others, with the command that removes it.
 */
export async function requireNoOthers(stack: string): Promise<void> {
  // A cluster that is stopped shows only to an engine that runs.
  if (isDockerInstalled()) await ensureDocker(() => undefined);
  const others = removals(
    await clustersBeside(`lakehouse-${stack}`),
    deployedStacks(await readdir(stateDir).catch(() => [])).filter((name) => name !== stack),
  );
  if (others.length === 0) return;
  throw new UserError("Other stacks need the images and caches that a purge removes", {
    log: others.join("\n"),
    cure: "Remove those first, by the commands above; without `--purge` this one alone is removed.",
  });
}

/** The stacks that the files of a clone's state speak of. */
export function deployedStacks(files: readonly string[]): string[] {
  return files.flatMap((file) => /^deployment-(.+)\.json$/.exec(file)?.[1] ?? []);
}

/** A line for each other stack: what it is, and how it is removed. */
export function removals(clusters: readonly OtherCluster[], stacks: readonly string[]): string[] {
  const down = (stack: string) => `npm run down -- --stack ${stack}`;
  const stackOf = (name: string) => name.replace(/^lakehouse-/, "");
  const withoutCluster = stacks.filter(
    (stack) => !clusters.some(({ name, clone }) => stackOf(name) === stack && clone === root),
  );
  return [
    ...clusters.map(({ name, clone = root }) =>
      clone === root
        ? `cluster ${name}: ${down(stackOf(name))}`
        : `cluster ${name} of another clone: cd ${clone} && ${down(stackOf(name))}`,
    ),
    ...withoutCluster.map((stack) => `stack ${stack}: ${down(stack)}`),
  ];
}
