import { existsSync } from "node:fs";
import { readFile, stat, statfs } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname } from "node:path";
import { docker, isDockerRunning } from "./docker.ts";
import { cacheDir, stateDir } from "./paths.ts";

/** What is written where. */
export interface Place {
  /** What is kept there, as in "25 GiB for downloads and builds". */
  readonly what: string;
  readonly path: string;
}

/** A place with the disk below it. */
export interface Space extends Place {
  /** Bytes that this user may still write. */
  readonly free: number;
  /** Number of the file system: places with the same one share its free bytes. */
  readonly disk: number;
}

/** Everything of ours that takes room. */
export const writtenPlaces = {
  cache: "downloads and builds",
  docker: "Docker's images and the data of clusters",
  temporary: "temporary files",
  state: "the state of this clone",
} as const;

/** How much room there is wherever the commands write; Docker only where its disk is this machine's. */
export async function freeSpaces(): Promise<Readonly<Record<PlaceName, Space | undefined>>> {
  const dockerRoot = await dockerDataRoot();
  const [cache, dockerSpace, temporary, state] = await Promise.all([
    spaceOf({ what: writtenPlaces.cache, path: cacheDir }),
    dockerRoot === undefined
      ? undefined
      : spaceOf({ what: writtenPlaces.docker, path: dockerRoot }),
    spaceOf({ what: writtenPlaces.temporary, path: tmpdir() }),
    spaceOf({ what: writtenPlaces.state, path: stateDir }),
  ]);
  return { cache, docker: dockerSpace, temporary, state };
}

export type PlaceName = keyof typeof writtenPlaces;

/** The disk of a place, or of its nearest parent that exists. */
export async function spaceOf(place: Place): Promise<Space> {
  let path = place.path;
  while (!existsSync(path)) path = dirname(path);
  const [{ bavail, bsize }, { dev }] = await Promise.all([statfs(path), stat(path)]);
  return { ...place, free: bavail * bsize, disk: dev };
}

/** One line for each disk: what is free on it, and what is written there. */
export function describeSpaces(spaces: readonly Space[]): string[] {
  const disks = Map.groupBy(spaces, ({ disk }) => disk);
  return [...disks.values()].map((shared) => {
    const free = Math.min(...shared.map((space) => space.free));
    const uses = shared.map(({ what, path }) => `${what} (${path})`).join(", ");
    return `free now: ${inGibibytes(free)} for ${uses}`;
  });
}

export function inGibibytes(bytes: number): string {
  return `${(bytes / 2 ** 30).toFixed(1)} GiB`;
}

const daemonConfig = "/etc/docker/daemon.json";
const defaultDataRoot = "/var/lib/docker";

/**
 * Where the Docker engine keeps images and volumes, or will once it is installed; undefined where
 * that is another machine's disk, such as Docker Desktop's.
 */
async function dockerDataRoot(): Promise<string | undefined> {
  if (!(await isDockerRunning())) {
    const config = await readFile(daemonConfig, "utf8").catch(() => "");
    return configuredDataRoot(config) ?? defaultDataRoot;
  }
  const format = ["--format", "{{.DockerRootDir}}"];
  const path = await docker(["info", ...format], { timeout: 10_000 }).catch(() => "");
  return existsSync(path) ? path : undefined;
}

/** `data-root` of a daemon.json, if it is set there. */
export function configuredDataRoot(config: string): string | undefined {
  try {
    const { "data-root": path } = JSON.parse(config) as { "data-root"?: unknown };
    return typeof path === "string" && path !== "" ? path : undefined;
  } catch {
    return undefined; // Empty, or broken: the engine itself complains of that.
  }
}
