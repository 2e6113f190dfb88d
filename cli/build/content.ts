import { createHash } from "node:crypto";
import { chmod, copyFile, mkdir, readdir, readFile, stat } from "node:fs/promises";
import { dirname, join } from "node:path";

/** Length of the hashes that name images and cache entries: short to read, long enough to differ. */
const hashLength = 12;

/** A short hash over texts; where one ends and the next begins matters. */
export function hashOf(...texts: readonly string[]): string {
  return createHash("sha256").update(JSON.stringify(texts)).digest("hex").slice(0, hashLength);
}

/**
 * The files below a folder as sorted relative paths with `/`; symbolic links are left out.
 * @param without - files and folders whose relative path matches are left out
 */
export async function filesBelow(folder: string, without?: RegExp, below = ""): Promise<string[]> {
  const entries = await readdir(join(folder, below), { withFileTypes: true });
  const found: string[] = [];
  for (const entry of entries) {
    const path = below === "" ? entry.name : `${below}/${entry.name}`;
    if (without?.test(path) === true) continue;
    if (entry.isDirectory()) found.push(...(await filesBelow(folder, without, path)));
    else if (entry.isFile()) found.push(path);
  }
  return below === "" ? found.sort() : found;
}

/**
 * A short hash over the files below a folder: their names, run bits and contents. Times and owners do
 * not count, so every checkout of a commit has the same hash.
 */
export async function hashOfFolder(folder: string, without?: RegExp): Promise<string> {
  const hash = createHash("sha256");
  for (const path of await filesBelow(folder, without)) {
    const content = await readFile(join(folder, path));
    const isExecutable = await hasRunBit(join(folder, path));
    hash.update(JSON.stringify([path, isExecutable, content.length])).update(content);
  }
  return hash.digest("hex").slice(0, hashLength);
}

/**
 * Copies a file, or the files below a folder, to another place, where all may read them and we may
 * write them, whatever the modes were; run bits stay.
 * @param without - as in {@link filesBelow}
 */
export async function copyFiles(source: string, target: string, without?: RegExp): Promise<void> {
  const isFolder = (await stat(source)).isDirectory();
  for (const path of isFolder ? await filesBelow(source, without) : [""]) {
    const from = join(source, path);
    const to = join(target, path);
    await mkdir(dirname(to), { recursive: true });
    await copyFile(from, to);
    await chmod(to, (await hasRunBit(from)) ? 0o755 : 0o644);
  }
}

async function hasRunBit(file: string): Promise<boolean> {
  return ((await stat(file)).mode & 0o100) !== 0;
}
