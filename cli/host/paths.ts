import { homedir } from "node:os";
import { join, resolve } from "node:path";

/** The root folder of this clone. */
export const root = resolve(import.meta.dirname, "../..");

/**
 * Builds and downloads, keyed by their inputs and shared by every clone of this user.
 * `LAKEHOUSE_CACHE` moves it; otherwise the XDG cache folder is used.
 */
export const cacheDir =
  process.env["LAKEHOUSE_CACHE"] ??
  join(process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "realtime-lakehouse");

/** What belongs to this clone alone: Pulumi state, kubeconfigs, logs, image references. */
export const stateDir = join(root, ".lakehouse");
