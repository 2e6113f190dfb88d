import { readdir, rm, stat, utimes } from "node:fs/promises";
import { join } from "node:path";
import { cacheDir } from "../host/paths.ts";

const day = 24 * 3_600_000;
/** Milliseconds that an entry is kept after its last use: other branches and clones may want it again. */
const keptUnused = 30 * day;
/** Milliseconds after which what is half made belongs to a run that was killed. */
const keptPartial = day;

/** Folders of the cache whose entries are named by their content; each can be made again. */
const pruned = ["go", "inputs", "venvs"];
/** Folders that a build needs only while it runs. */
const temporary = /^context-|\.partial$/;

/** Notes that a cache entry serves still. Entries are pruned by this time. */
export async function markUsed(folder: string): Promise<void> {
  const now = new Date();
  // A cache that this user may only read serves as well.
  await utimes(folder, now, now).catch(() => undefined);
}

/**
 * Removes cache entries that no command has used for 30 days, and what killed runs left half made.
 * Nothing that is removed is missed: the next command that wants it makes it again.
 * @param now - milliseconds since 1970. @default the present
 * @returns how many entries were removed.
 */
export async function pruneCache(now = Date.now()): Promise<number> {
  const [top, ...folders] = await Promise.all(["", ...pruned].map(entriesOf));
  const entries = [...(top ?? []).filter((path) => temporary.test(path)), ...folders.flat()];
  const old: string[] = [];
  for (const path of entries) {
    const usedAt = await stat(join(cacheDir, path)).catch(() => undefined);
    const kept = temporary.test(path) ? keptPartial : keptUnused;
    if (usedAt !== undefined && now - usedAt.mtimeMs > kept) old.push(path);
  }
  for (const path of old) await rm(join(cacheDir, path), { recursive: true, force: true });
  return old.length;
}

/** Paths of the entries of a folder of the cache, relative to the cache. */
async function entriesOf(folder: string): Promise<string[]> {
  const names = await readdir(join(cacheDir, folder)).catch(() => []);
  return names.map((name) => join(folder, name));
}
