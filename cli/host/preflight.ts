import { readFileSync } from "node:fs";
import { release, totalmem } from "node:os";
import { UserError } from "../errors.ts";
import { claimCache } from "./cache.ts";
import { freeSpaces, inGibibytes, type PlaceName, type Space } from "./disk.ts";
import { docker, isDockerRunning } from "./docker.ts";

const gibibyte = 2 ** 30;
/** The laptop profile with Kubernetes (components/config.ts sums the requests) and room to breathe. */
const neededMemory = 6 * gibibyte;
/** Firmware and kernel keep some of a machine's memory: one of "6 GiB" shows a little less. */
const memoryTolerance = 0.94;
/** What is still to be written: everything, a cluster's data and images, or only what is new. */
type Stage = "a first build" | "a new cluster" | "another run";

/** Bytes that a run writes; places on the same disk need the sum. */
const neededDisk: Readonly<Record<Stage, Readonly<Record<PlaceName, number>>>> = {
  /** Modules, compiler caches, what images are made of, the node's store; images and layers. */
  "a first build": { cache: 16 * gibibyte, docker: 8 * gibibyte, temporary: gibibyte, state: 0 },
  /** The node's store; what a new version makes anew; data. */
  "a new cluster": { cache: 6 * gibibyte, docker: 3 * gibibyte, temporary: 0, state: 0 },
  /** What a new version makes anew; data. */
  "another run": { cache: 2 * gibibyte, docker: 3 * gibibyte, temporary: 0, state: 0 },
};

/** What the checks look at. */
export interface Machine {
  readonly isRoot: boolean;
  /** Whether a Docker engine already answers this user. */
  readonly hasDocker: boolean;
  /** Where Docker Desktop or its like is what runs an engine, if it is such a place. */
  readonly host?: "macOS" | "WSL" | undefined;
  /** Text of /etc/os-release, empty where there is none. */
  readonly osRelease: string;
  /** Bytes of memory, within the limit of a container if this is one. */
  readonly memory: number;
  /** Bytes of memory of a running engine, which may have a virtual machine of its own. */
  readonly dockerMemory?: number | undefined;
  /** The places that are written, each with its disk. */
  readonly spaces: Readonly<Partial<Record<PlaceName, Space | undefined>>>;
  readonly stage: Stage;
}

/**
 * Checks that this machine can carry the platform before anything is changed on it.
 * @param stage - what is still to be written, and so how much disk space is needed
 * @throws UserError for the first thing that is in the way, with its cure.
 */
export async function preflight(stage: Stage): Promise<void> {
  await claimCache();
  const hasDocker = await isDockerRunning();
  const problem = findProblem({
    isRoot: process.getuid?.() === 0,
    hasDocker,
    host: desktopHost(process.platform, release()),
    dockerMemory: hasDocker ? await dockerMemory() : undefined,
    osRelease: readText("/etc/os-release"),
    memory: Math.min(totalmem(), memoryLimit()),
    spaces: await freeSpaces(),
    stage,
  });
  if (problem !== undefined) throw problem;
}

/** The first thing that keeps the platform from running on a machine, if any. */
export function findProblem(machine: Machine): UserError | undefined {
  return accessProblem(machine) ?? memoryProblem(machine) ?? diskProblem(machine);
}

function accessProblem({ hasDocker, isRoot, host, osRelease }: Machine): UserError | undefined {
  if (hasDocker) return undefined;
  if (host === "macOS") {
    return new UserError("No Docker engine answers", {
      cure: "Start Docker Desktop and give it 6 GiB of memory, or run `colima start --memory 8`.",
    });
  }
  if (host === "WSL" && !isRoot) {
    return new UserError("No Docker engine answers in this WSL distribution", {
      cure: "Start Docker Desktop and turn on its WSL integration for this distribution (Settings, Resources), or run the command as root, which installs an engine here.",
    });
  }
  if (!isDebianFamily(osRelease)) {
    const name = field(osRelease, "PRETTY_NAME") ?? "This system";
    return new UserError(`No Docker engine answers, and ${name} is neither Debian nor Ubuntu`, {
      cure: "Install and start Docker (https://docs.docker.com/engine/install), then try again.",
    });
  }
  if (!isRoot) {
    return new UserError("No Docker engine answers, and installing one needs root", {
      cure: "Run the command as root (`sudo -E npm run up`), or install and start Docker and join the group `docker`.",
    });
  }
  return undefined;
}

function memoryProblem({ memory, dockerMemory: engine }: Machine): UserError | undefined {
  const enough = neededMemory * memoryTolerance;
  if (memory >= enough) {
    if (engine === undefined || engine >= enough) return undefined;
    return new UserError(
      `Docker has ${inGibibytes(engine)} of memory, the platform needs ${inGibibytes(neededMemory)}`,
      {
        cure: "Docker Desktop: Settings, Resources, Memory. Colima: `colima start --memory 8`. WSL: `memory=8GB` below [wsl2] in .wslconfig, then `wsl --shutdown`.",
      },
    );
  }
  return new UserError(
    `This machine has ${inGibibytes(memory)} of memory, the platform needs ${inGibibytes(neededMemory)}`,
    { cure: "Use a machine, or give the virtual machine, more memory." },
  );
}

function diskProblem({ spaces, stage }: Machine): UserError | undefined {
  const needs = neededDisk[stage];
  const demands = Object.entries(spaces).flatMap(([name, space]) => {
    const needed = needs[name as PlaceName];
    return space === undefined || needed === 0 ? [] : [{ ...space, needed }];
  });
  for (const sharing of Map.groupBy(demands, ({ disk }) => disk).values()) {
    const free = Math.min(...sharing.map((demand) => demand.free));
    const needed = sharing.reduce((sum, demand) => sum + demand.needed, 0);
    if (free >= needed) continue;
    const parts = sharing.map(
      (demand) => `${inGibibytes(demand.needed)} for ${demand.what} in ${demand.path}`,
    );
    return new UserError(
      `A disk has ${inGibibytes(free)} free, ${stage} needs ${inGibibytes(needed)}: ${parts.join(", ")}`,
      {
        cure: "Free some space there, or move LAKEHOUSE_CACHE or Docker's data-root to a larger disk.",
      },
    );
  }
  return undefined;
}

/** The kind of machine whose Docker engine is usually a desktop program's. */
export function desktopHost(platform: NodeJS.Platform, kernel: string): Machine["host"] {
  if (platform === "darwin") return "macOS";
  return platform === "linux" && /microsoft/i.test(kernel) ? "WSL" : undefined;
}

async function dockerMemory(): Promise<number | undefined> {
  const bytes = Number(await docker(["info", "--format", "{{.MemTotal}}"]).catch(() => ""));
  return bytes > 0 ? bytes : undefined;
}

/** Whether an os-release file is that of Debian, Ubuntu or a distribution made from them. */
export function isDebianFamily(osRelease: string): boolean {
  const names = [field(osRelease, "ID"), field(osRelease, "ID_LIKE")].join(" ").split(" ");
  return names.includes("debian") || names.includes("ubuntu");
}

function field(osRelease: string, name: string): string | undefined {
  return new RegExp(`^${name}="?([^"\\n]*)"?$`, "m").exec(osRelease)?.[1];
}

/** The memory limit of the container that this runs in, by either version of cgroups. */
function memoryLimit(): number {
  const limits = ["/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"]
    .map((file) => Number.parseInt(readText(file), 10))
    .filter((limit) => limit > 0);
  return Math.min(Infinity, ...limits);
}

function readText(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}
