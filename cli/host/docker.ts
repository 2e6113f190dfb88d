import { spawn } from "node:child_process";
import { existsSync, openSync, readFileSync } from "node:fs";
import { mkdir, readFile, rm } from "node:fs/promises";
import { delimiter, dirname, join } from "node:path";
import { UserError } from "../errors.ts";
import type { Progress } from "../progress.ts";
import { ensureDebianPackages } from "./apt.ts";
import { missingCapabilities, runtimeWrapper } from "./capabilities.ts";
import { capture, type CommandOptions, runLogged, succeeds } from "./command.ts";
import { writeWhole } from "./files.ts";
import { isFullDisk } from "./full-disk.ts";
import { withLock } from "./lock.ts";
import { cacheDir } from "./paths.ts";
import { waitFor } from "./wait.ts";

/** The distribution's own client first: another `docker` on PATH may lack what its engine offers. */
const systemDocker = "/usr/bin/docker";
/** Outside the cache, because the engine needs it for as long as it is installed. */
const wrapperPath = "/usr/local/libexec/realtime-lakehouse-runc";
const wrapperName = "realtime-lakehouse-runc";
const daemonConfig = "/etc/docker/daemon.json";
const daemonLog = join(cacheDir, "logs", "dockerd.log");
const pidFile = "/var/run/docker.pid";
const startTimeout = 60_000;

/** The Docker client to call, for what the functions below do not cover. */
export function dockerCommand(): string {
  return existsSync(systemDocker) ? systemDocker : "docker";
}

/** Runs a Docker command and returns its standard output. */
export async function docker(args: readonly string[], options?: CommandOptions): Promise<string> {
  return capture(dockerCommand(), args, options);
}

/** Whether a Docker command exits with 0; for questions such as `image inspect`. */
export async function dockerSucceeds(
  args: readonly string[],
  options: CommandOptions = { timeout: 60_000 },
): Promise<boolean> {
  return succeeds(dockerCommand(), args, options).catch(() => false);
}

/** Runs a long Docker command with its output in a log file; see {@link runLogged}. */
export async function dockerLogged(
  args: readonly string[],
  options: Parameters<typeof runLogged>[2],
  progress: Progress,
): Promise<void> {
  await runLogged(dockerCommand(), args, options, progress);
}

/** Whether an image is in the engine's store. */
export async function imageExists(ref: string): Promise<boolean> {
  return dockerSucceeds(["image", "inspect", ref]);
}

/**
 * Pulls an image and returns whether it is there now.
 * @throws execa's error if the disk is full: whatever the caller would do instead needs more room.
 */
export async function pullImage(ref: string, options: CommandOptions): Promise<boolean> {
  try {
    await docker(["pull", "--quiet", ref], options);
    return true;
  } catch (error) {
    if (isFullDisk(error)) throw error;
    return false;
  }
}

/** Whether there is a Docker client here at all. */
export function isDockerInstalled(): boolean {
  return isOnPath("docker");
}

function isOnPath(program: string): boolean {
  const folders = [...(process.env["PATH"] ?? "").split(delimiter), "/usr/bin", "/usr/sbin"];
  return folders.some((folder) => existsSync(join(folder, program)));
}

/** Whether a Docker engine answers. */
export async function isDockerRunning(): Promise<boolean> {
  return dockerSucceeds(["version", "--format", "{{.Server.Version}}"]);
}

/**
 * Makes sure that a Docker engine answers: uses the one that runs, else starts the installed one,
 * else installs the distribution's `docker.io`. Where the machine withholds capabilities, the
 * engine is given a runtime that can live with it, without which kind's privileged node cannot start.
 */
export function ensureDocker(progress: Progress): Promise<void> {
  ensuring ??= withLock(join(cacheDir, "locks", "docker"), () => makeReady(progress)).finally(
    () => {
      ensuring = undefined;
    },
  );
  return ensuring;
}

/** The call that is under way: several steps need the engine at the same time. */
let ensuring: Promise<void> | undefined;

async function makeReady(progress: Progress): Promise<void> {
  const missing = missingCapabilities();
  const isRunning = await isDockerRunning();
  if (isRunning && (missing.length === 0 || (await usesWrapper()))) return;
  // An engine on another machine, or another user's, has capabilities of its own.
  if (isRunning && (process.getuid?.() !== 0 || !existsSync(pidFile))) return;
  if (process.getuid?.() !== 0) {
    throw new UserError("No Docker engine answers, and starting one needs root", {
      cure: "Start Docker (`sudo systemctl start docker`) and add yourself to the group `docker`, or run this command as root.",
    });
  }
  // Configured before it is installed, since some packages start the engine at once.
  if (missing.length > 0) await configureWrapper(missing, progress);
  if (isRunning) {
    await reloadEngine();
    return;
  }
  // Docker's own packages would have to give way to the distribution's: take what there is.
  if (!isOnPath("dockerd")) {
    await ensureDebianPackages(["docker.io", "ca-certificates"], progress);
  }
  if (!(await isDockerRunning())) await startEngine(progress);
}

async function usesWrapper(): Promise<boolean> {
  return (await docker(["info", "--format", "{{.DefaultRuntime}}"])) === wrapperName;
}

async function configureWrapper(missing: readonly string[], progress: Progress): Promise<void> {
  progress(`preparing Docker for a machine without ${missing.join(", ")}`);
  await ensureDebianPackages(["jq"], progress);
  await writeWhole(wrapperPath, runtimeWrapper(missing), { mode: 0o755 });
  const present = existsSync(daemonConfig) ? await readFile(daemonConfig, "utf8") : "";
  await writeWhole(daemonConfig, withDefaultRuntime(present, wrapperName, wrapperPath));
}

/** Docker's daemon.json with one more runtime, made the default; everything else stays. */
export function withDefaultRuntime(config: string, name: string, path: string): string {
  let parsed: unknown;
  try {
    parsed = config.trim() === "" ? {} : JSON.parse(config);
  } catch (error) {
    throw new UserError(`${daemonConfig} is not valid JSON`, {
      cure: `Mend or remove ${daemonConfig}, then try again.`,
      cause: error,
    });
  }
  const settings = parsed as { runtimes?: Record<string, unknown> };
  const changed = {
    ...settings,
    runtimes: { ...settings.runtimes, [name]: { path } },
    "default-runtime": name,
  };
  return `${JSON.stringify(changed, null, 2)}\n`;
}

/** Makes a running engine read daemon.json again; runtimes are among what it takes over. */
async function reloadEngine(): Promise<void> {
  const pid = Number(readFileSync(pidFile, "utf8").trim());
  process.kill(pid, "SIGHUP");
  if (!(await waitFor(usesWrapper, 10_000))) {
    throw new UserError(`The running Docker engine did not take over ${daemonConfig}`, {
      cure: "Restart Docker and try again.",
    });
  }
}

async function startEngine(progress: Progress): Promise<void> {
  progress("starting the Docker engine");
  const isSystemd = existsSync("/run/systemd/system");
  if (isSystemd) await succeeds("systemctl", ["enable", "--now", "docker"]);
  else await startDetached();
  const answered = await waitFor(isDockerRunning, startTimeout);
  if (answered === undefined) {
    throw new UserError(`The Docker engine did not answer within ${startTimeout / 1000} s`, {
      cure: isSystemd
        ? "See `journalctl -u docker` for the reason."
        : `See ${daemonLog} for the reason.`,
      ...(isSystemd
        ? {}
        : { log: readFileSync(daemonLog, "utf8").split("\n").slice(-20).join("\n") }),
    });
  }
}

/** A machine without systemd (a container, some virtual machines): the engine as a plain process. */
async function startDetached(): Promise<void> {
  await removeStalePid(pidFile, "dockerd");
  await removeStalePid("/var/run/docker/containerd/containerd.pid", "containerd");
  await mkdir(dirname(daemonLog), { recursive: true });
  const log = openSync(daemonLog, "a");
  spawn("dockerd", [], { detached: true, stdio: ["ignore", log, log] }).unref();
}

/**
 * The engine refuses to start if a process has the number in its pid file, though after a crash it
 * may be any process, or a dead one that nobody has waited for.
 */
async function removeStalePid(file: string, program: string): Promise<void> {
  const pid = await readFile(file, "utf8").catch(() => "");
  if (pid === "") return;
  const stat = await readFile(`/proc/${pid.trim()}/stat`, "utf8").catch(() => "");
  if (!isAlive(stat, program)) await rm(file, { force: true });
}

/** Whether a line of /proc/PID/stat is that of a living process of a program. */
export function isAlive(stat: string, program: string): boolean {
  const [, name, state] = /^\d+ \((.*)\) (\S)/.exec(stat) ?? [];
  return name === program && state !== "Z" && state !== "X";
}
