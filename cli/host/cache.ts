import { existsSync } from "node:fs";
import { mkdir, readdir, realpath, rm, rmdir } from "node:fs/promises";
import { homedir } from "node:os";
import { join, sep } from "node:path";
import { UserError } from "../errors.ts";
import { writeWhole } from "./files.ts";
import { isLocked } from "./lock.ts";
import { cacheDir, root } from "./paths.ts";

/** The common mark of caches, which backups leave out (https://bford.info/cachedir). */
const tagName = "CACHEDIR.TAG";
const tag = [
  "Signature: 8a477f597d28d172789f06886806bc55",
  "# Builds and downloads of realtime-lakehouse; `npm run down -- --purge` removes them.",
  "",
].join("\n");

/** What the commands put into the cache; whatever else is there is somebody else's. */
const own = [
  new RegExp(`^${tagName}$`),
  /^(clusters|containerd|go|go-build|go-mod|inputs|kind-node-context|locks|logs|pulumi|venvs)$/,
  /^base-\w+\.tar$/,
  /^context-/,
  /^go-[\d.]+(\.partial)?$/,
];

/** Whether an entry of the cache's folder is one that the commands make. */
export function isOwnEntry(name: string): boolean {
  return own.some((pattern) => pattern.test(name));
}

/**
 * Makes the cache's folder, and marks it as one.
 * @throws UserError if the folder holds other things, is one that must not be a cache, or cannot be
 *   written.
 */
export async function claimCache(): Promise<void> {
  try {
    await mkdir(cacheDir, { recursive: true });
    await requireCacheFolder();
    if (existsSync(join(cacheDir, tagName))) return;
    await requireOwnEntries();
    await writeWhole(join(cacheDir, tagName), tag);
  } catch (error) {
    const { code = "" } = error as { code?: string };
    if (!["EACCES", "EEXIST", "ENOTDIR", "EPERM", "EROFS"].includes(code)) throw error;
    throw new UserError(`The cache ${cacheDir} cannot be written: ${(error as Error).message}`, {
      cure: "Set LAKEHOUSE_CACHE to a folder that this user may write.",
      cause: error,
    });
  }
}

/**
 * Removes what the commands put into the cache, and its folder if nothing else is in it. A symbolic
 * link that leads to the folder stays, with an empty folder behind it.
 * @returns what stays because it is somebody else's.
 * @throws UserError before anything is removed, if that folder cannot be ours or is in use.
 */
export async function purgeCache(): Promise<readonly string[]> {
  await requirePurgeable();
  if (!existsSync(cacheDir)) return [];
  const names = await readdir(cacheDir);
  for (const name of names.filter(isOwnEntry)) {
    await rm(join(cacheDir, name), { recursive: true, force: true });
  }
  const foreign = names.filter((name) => !isOwnEntry(name));
  const isLink = (await realpath(cacheDir)) !== cacheDir;
  if (foreign.length === 0 && !isLink) await rmdir(cacheDir);
  return foreign.map((name) => join(cacheDir, name));
}

/**
 * Checks that the cache may be removed.
 * @throws UserError if its folder cannot be ours, or another command is at work on it.
 */
export async function requirePurgeable(): Promise<void> {
  if (!existsSync(cacheDir)) return;
  await requireCacheFolder();
  if (!existsSync(join(cacheDir, tagName))) await requireOwnEntries();
  const locks = await readdir(join(cacheDir, "locks")).catch(() => []);
  for (const lock of locks) {
    if (!(await isLocked(join(cacheDir, "locks", lock)))) continue;
    throw new UserError(`Another command is at work on ${lock} in the cache ${cacheDir}`, {
      cure: "Wait for it, or stop it, and run this command again.",
    });
  }
}

/** @throws UserError if the user's files, or this clone, are below the cache's folder. */
async function requireCacheFolder(): Promise<void> {
  const folder = await realpath(cacheDir);
  const below = folder.endsWith(sep) ? folder : `${folder}${sep}`;
  const precious = await Promise.all([homedir(), root].map((path) => realpath(path)));
  const found = precious.find((path) => `${path}${sep}`.startsWith(below));
  if (found === undefined) return;
  throw new UserError(
    `${cacheDir} cannot be the cache: ${found} is ${found === folder ? "the same folder" : "in it"}`,
    {
      cure: "Set LAKEHOUSE_CACHE to a folder of its own, such as /mnt/large/lakehouse-cache.",
    },
  );
}

/** @throws UserError if a folder without the mark holds anything that is not ours. */
async function requireOwnEntries(): Promise<void> {
  const foreign = (await readdir(cacheDir)).filter((name) => !isOwnEntry(name));
  if (foreign.length === 0) return;
  const shown = foreign.slice(0, 3).join(", ");
  throw new UserError(`${cacheDir} cannot be the cache: it holds other things (${shown})`, {
    cure: "Set LAKEHOUSE_CACHE to a folder of its own, which may be new.",
  });
}
