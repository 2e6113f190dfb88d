import { mkdir, realpath, rename, rm, writeFile } from "node:fs/promises";
import { dirname } from "node:path";

/**
 * Writes a file so that it is there as a whole or as it was before, whatever happens meanwhile: a
 * full disk, a kill, a power cut. Makes its folder if need be; a symbolic link stays one.
 * @param options.mode - of the file. @default 0o666 less the umask
 */
export async function writeWhole(
  file: string,
  content: string,
  options: { readonly mode?: number } = {},
): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  const target = await realpath(file).catch(() => file);
  // Two commands may write the same file at the same time.
  const partial = `${target}.${process.pid}.partial`;
  try {
    await writeFile(partial, content, { ...options, flush: true });
    await rename(partial, target);
  } catch (error) {
    await rm(partial, { force: true });
    throw error;
  }
}

/**
 * Fills a folder so that it is there as a whole or not at all. What an earlier try left is removed.
 * @param make - fills the empty folder that it is given
 */
export async function makeWhole(
  folder: string,
  make: (partial: string) => Promise<void>,
): Promise<void> {
  const partial = `${folder}.partial`;
  await rm(partial, { recursive: true, force: true });
  try {
    await mkdir(partial, { recursive: true });
    await make(partial);
    await rename(partial, folder);
  } catch (error) {
    // On a full disk it would be in the way of everything else.
    await rm(partial, { recursive: true, force: true }).catch(() => undefined);
    throw error;
  }
}
