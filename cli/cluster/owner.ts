import { existsSync } from "node:fs";
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { writeWhole } from "../host/files.ts";
import { cacheDir } from "../host/paths.ts";

/**
 * Who made a cluster. Clusters are named by stack, so two clones on one machine want the same name;
 * this record, shared by all clones of a user, keeps one from destroying the other's.
 */
export interface Owner {
  /** Root folder of the clone. */
  readonly clone: string;
  /** False while the cluster is being made, and so after a run that was killed meanwhile. */
  readonly isComplete: boolean;
}

/** `nobody`: the cluster exists without a record. `vanished`: its clone no longer exists. */
export type Ownership = "ours" | "foreign" | "vanished" | "nobody";

/** Judges an existing cluster's record, seen from the clone `here`. */
export function ownership(
  owner: Owner | undefined,
  here: string,
  isClone: (path: string) => boolean = (path) => existsSync(join(path, "package.json")),
): Ownership {
  if (owner === undefined) return "nobody";
  if (owner.clone === here) return "ours";
  return isClone(owner.clone) ? "foreign" : "vanished";
}

/** Returns the record of a cluster, or undefined if there is none that can be read. */
export async function readOwner(cluster: string): Promise<Owner | undefined> {
  try {
    return JSON.parse(await readFile(ownerFile(cluster), "utf8")) as Owner;
  } catch {
    return undefined;
  }
}

export async function writeOwner(cluster: string, owner: Owner): Promise<void> {
  await writeWhole(ownerFile(cluster), `${JSON.stringify(owner)}\n`);
}

export async function removeOwner(cluster: string): Promise<void> {
  await rm(ownerFile(cluster), { force: true });
}

function ownerFile(cluster: string): string {
  return join(cacheDir, "clusters", `${cluster}.json`);
}
