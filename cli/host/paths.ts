import { homedir } from "node:os";
import { isAbsolute, join, resolve } from "node:path";

/** The root folder of this clone. */
export const root = resolve(import.meta.dirname, "../..");

/**
 * Builds and downloads, keyed by their inputs and shared by every clone of this user.
 * `LAKEHOUSE_CACHE` moves it; otherwise the XDG cache folder is used.
 */
export const cacheDir = cacheFolder(process.env);

/** What belongs to this clone alone: Pulumi state, kubeconfigs, logs, image references. */
export const stateDir = join(root, ".lakehouse");

/**
 * The cache that an environment asks for, as an absolute path: Go and Docker take no other. What is
 * set but empty counts as not set, and so does a relative XDG_CACHE_HOME, as its standard says.
 */
export function cacheFolder(env: Readonly<Record<string, string | undefined>>): string {
  const chosen = env["LAKEHOUSE_CACHE"] ?? "";
  // Relative to where the user is, who may have called npm from another folder.
  if (chosen !== "") return resolve(env["LAKEHOUSE_CALLER_DIRECTORY"] ?? "", chosen);
  const xdg = env["XDG_CACHE_HOME"] ?? "";
  return join(isAbsolute(xdg) ? xdg : join(homedir(), ".cache"), "realtime-lakehouse");
}
