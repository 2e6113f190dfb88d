import { basename, join } from "node:path";
import { copyFiles, hashOfFolder } from "../build/content.ts";
import { stored } from "../build/store.ts";
import { root } from "../host/paths.ts";
import type { Input } from "./table.ts";

/** What a program does not need at run time. */
const notShipped = /(^|\/)(tests?|__pycache__|\.[^/]*|[^/]*\.egg-info|README\.md)$/;

/**
 * A folder of this repository without its tests, caches and hidden files.
 * @param path - relative to the repository
 */
export function sourceFolder(path: string): Input {
  return async () => {
    const folder = join(root, path);
    const hash = await hashOfFolder(folder, notShipped);
    return stored({ name: `source-${basename(path)}`, madeFrom: [hash] }, (target) =>
      copyFiles(folder, target, notShipped),
    );
  };
}
