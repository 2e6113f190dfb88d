import { existsSync } from "node:fs";
import { join } from "node:path";
import { UserError } from "../errors.ts";
import type { Progress } from "../progress.ts";
import { capture, runLogged } from "./command.ts";
import { cacheDir } from "./paths.ts";

/** One apt at a time in this process; other processes are waited for through dpkg's own lock. */
let queue: Promise<unknown> = Promise.resolve();

/**
 * Installs the named packages of Debian or Ubuntu that are missing. Package lists are fetched only
 * when the ones at hand do not serve. Throws a UserError without apt or without root.
 */
export async function ensureDebianPackages(
  names: readonly string[],
  progress: Progress,
): Promise<void> {
  const result = queue.then(() => installMissing(names, progress));
  queue = result.catch(() => undefined);
  return result;
}

async function installMissing(names: readonly string[], progress: Progress): Promise<void> {
  const missing = missingPackages(names, await dpkgStatus(names));
  if (missing.length === 0) return;
  const list = missing.join(" ");
  if (!existsSync("/usr/bin/apt-get")) {
    throw new UserError(`${list} not found, and this is not Debian or Ubuntu`, {
      cure: `Install ${list} with this system's package manager and run the command again.`,
    });
  }
  if (process.getuid?.() !== 0) {
    throw new UserError(`${list} not found, and installing packages needs root`, {
      cure: `Run \`sudo apt-get install ${list}\`, or run this command as root.`,
    });
  }
  progress(`installing ${list}`);
  try {
    await aptGet(["install", "-y", "--no-install-recommends", ...missing], list, progress);
  } catch {
    // The lists may be absent or name versions that the mirror has since replaced.
    progress("fetching package lists");
    await aptGet(["update"], "package lists", progress);
    await aptGet(["install", "-y", "--no-install-recommends", ...missing], list, progress);
  }
}

async function aptGet(args: readonly string[], what: string, progress: Progress): Promise<void> {
  await runLogged(
    "apt-get",
    ["-o", "DPkg::Lock::Timeout=300", ...args],
    {
      what: `apt-get ${args[0] ?? ""} (${what})`,
      cure: "Check that the Debian mirror in /etc/apt can be reached (`apt-get update`), then try again.",
      logFile: join(cacheDir, "logs", "apt.log"),
      env: { DEBIAN_FRONTEND: "noninteractive" },
    },
    progress,
  );
}

/** One line a known package: its name and dpkg's status. Empty where there is no dpkg. */
async function dpkgStatus(names: readonly string[]): Promise<string> {
  try {
    return await capture("sh", [
      "-c",
      'dpkg-query --show --showformat="\\${Package} \\${db:Status-Status}\\n" "$@" 2>/dev/null || true',
      "sh",
      ...names,
    ]);
  } catch {
    return "";
  }
}

/** The names that `status` (lines of "package status") does not show as installed. */
export function missingPackages(names: readonly string[], status: string): string[] {
  const installed = new Set(
    status
      .split("\n")
      .map((line) => line.split(" "))
      .filter(([, state]) => state === "installed")
      .map(([name]) => name),
  );
  return names.filter((name) => !installed.has(name));
}
