import { existsSync } from "node:fs";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { ensureDebianPackages } from "../host/apt.ts";
import { capture, runLogged, succeeds } from "../host/command.ts";
import { withLock } from "../host/lock.ts";
import { cacheDir } from "../host/paths.ts";
import type { Progress } from "../progress.ts";
import { hashOf } from "./content.ts";
import { markUsed } from "./prune.ts";
import { stored } from "./store.ts";

/** Debian's own interpreter first: another `python3` on PATH may be a shim that changes with the folder. */
const interpreters = ["/usr/bin/python3", "python3"];
const quiet = ["--disable-pip-version-check", "--no-input", "--progress-bar=off"];
const checkPyPi =
  "Check that PyPI (or the index in pip's configuration) can be reached, then try again.";

let interpreter: Promise<string> | undefined;

/** Returns a Python 3 that has pip and venv; installs Debian's where there is none. */
export function ensurePython(progress: Progress): Promise<string> {
  interpreter ??= findPython(progress);
  return interpreter;
}

async function findPython(progress: Progress): Promise<string> {
  for (const candidate of interpreters) {
    const isComplete = await succeeds(candidate, ["-c", "import ensurepip, pip, venv"]).catch(
      () => false,
    );
    if (isComplete) return candidate;
  }
  await ensureDebianPackages(["python3", "python3-pip", "python3-venv"], progress);
  return "/usr/bin/python3";
}

/**
 * Fetches the packages of a requirements.txt, with their dependencies, as wheels for another Python
 * than this machine's, and returns their folder in the cache (a `site-packages`).
 * @param version - the Python that will import them, for example `3.13`
 * @param options.isComplete - the file names every package that is wanted, dependencies and all;
 *   what they would pull in beyond it is not. @default false
 */
export async function pythonPackages(
  requirementsFile: string,
  version: string,
  progress: Progress,
  { isComplete = false }: { readonly isComplete?: boolean } = {},
): Promise<string> {
  const wheels = [
    "--only-binary=:all:",
    "--implementation=cp",
    `--python-version=${version}`,
    ...wheelPlatforms(glibcBeside(version)).map((platform) => `--platform=${platform}`),
    ...(isComplete ? ["--no-deps"] : []),
  ];
  return installed(requirementsFile, wheels, progress);
}

/**
 * Fetches exactly the packages of a requirements.txt, without dependencies, and returns their folder
 * in the cache. For pure Python packages that are published as source only.
 */
export async function pythonSources(requirementsFile: string, progress: Progress): Promise<string> {
  return installed(requirementsFile, ["--no-deps"], progress);
}

async function installed(
  requirementsFile: string,
  options: readonly string[],
  progress: Progress,
): Promise<string> {
  const requirements = await readRequirements(requirementsFile);
  const name = `python-${basename(dirname(requirementsFile))}`;
  return stored({ name, madeFrom: [requirements, ...options] }, async (folder) => {
    const python = await ensurePython(progress);
    progress("fetching packages from PyPI");
    await runLogged(
      python,
      [
        ...["-m", "pip", "install", ...quiet, "--no-compile", "--root-user-action=ignore"],
        ...options,
        ...["--target", folder, "--requirement", requirementsFile],
      ],
      {
        what: `Fetching the packages of ${requirementsFile}`,
        cure: checkPyPi,
        logFile: join(cacheDir, "logs", `${name}.log`),
      },
      progress,
    );
  });
}

/**
 * Makes a virtual environment with the packages of a requirements.txt, to run tests and linters on
 * this machine, and returns its folder: programs are in `bin/`.
 */
export async function ensureVenv(requirementsFile: string, progress: Progress): Promise<string> {
  const python = await ensurePython(progress);
  const version = await capture(python, ["--version"]);
  const requirements = await readRequirements(requirementsFile);
  const key = `venv-${hashOf(version, requirements)}`;
  // Not a store entry, because an environment must not be moved: its programs name their folder.
  const folder = join(cacheDir, "venvs", key);
  const complete = join(folder, "complete");
  if (existsSync(complete)) {
    await markUsed(folder);
    return folder;
  }
  await withLock(join(cacheDir, "locks", key), async () => {
    if (existsSync(complete)) return;
    await rm(folder, { recursive: true, force: true });
    await mkdir(dirname(folder), { recursive: true });
    await capture(python, ["-m", "venv", folder]);
    progress(`installing ${requirementsFile}`);
    await runLogged(
      join(folder, "bin", "python"),
      ["-m", "pip", "install", ...quiet, "--requirement", requirementsFile],
      {
        what: `Installing ${requirementsFile}`,
        cure: checkPyPi,
        logFile: join(cacheDir, "logs", `${key}.log`),
      },
      progress,
    );
    await writeFile(complete, "");
  });
  return folder;
}

/** The text of a requirements.txt and of those that it includes with `-r`. */
export async function readRequirements(file: string): Promise<string> {
  const text = await readFile(file, "utf8");
  const included = [...text.matchAll(/^-r\s+(\S+)/gm)].map(([, path]) => path ?? "");
  const texts = await Promise.all(
    included.map((path) => readRequirements(join(dirname(file), path))),
  );
  return [text, ...texts].join("\n");
}

/** The minor version of glibc 2 in the Debian release that has a Python. */
function glibcBeside(python: string): number {
  const releases: Readonly<Record<string, number>> = { "3.11": 36, "3.13": 41 };
  const glibc = releases[python];
  if (glibc === undefined) throw new Error(`No Debian release of ours has Python ${python}`);
  return glibc;
}

/**
 * The platform tags of wheels that run with glibc 2.`newest`, newest first. pip takes each by its
 * name alone, so every glibc version that a wheel may be built for is listed.
 */
export function wheelPlatforms(newest: number, architecture: string = process.arch): string[] {
  const machine = architecture === "arm64" ? "aarch64" : "x86_64";
  const oldest = 17;
  return Array.from(
    { length: newest - oldest + 1 },
    (_, index) => `manylinux_2_${newest - index}_${machine}`,
  ).concat(`manylinux2014_${machine}`);
}
