import { existsSync } from "node:fs";
import { join } from "node:path";
import { makeWhole } from "../host/files.ts";
import { withLock } from "../host/lock.ts";
import { cacheDir } from "../host/paths.ts";
import { hashOf } from "./content.ts";
import { markUsed } from "./prune.ts";

/** What a cache entry is called and what it is made from. */
export interface StoreEntry {
  /** Names the entry for people who look into the cache. */
  readonly name: string;
  /** Everything that its files depend on; other texts make another entry. */
  readonly madeFrom: readonly string[];
}

/**
 * Makes a folder once and returns its path in the cache, which says what it was made from: two equal
 * paths hold equal files. A folder whose making failed or was cut short is made again.
 * @param make - fills the empty folder that it is given
 */
export async function stored(
  { name, madeFrom }: StoreEntry,
  make: (folder: string) => Promise<void>,
): Promise<string> {
  const key = `${name}-${hashOf(process.arch, ...madeFrom)}`;
  const folder = join(cacheDir, "inputs", key);
  if (existsSync(folder)) {
    await markUsed(folder);
    return folder;
  }
  await withLock(join(cacheDir, "locks", key), async () => {
    if (!existsSync(folder)) await makeWhole(folder, make);
  });
  return folder;
}
