import { readFile, writeFile } from "node:fs/promises";

/**
 * Every container runtime, kubelet and JVM of a node takes inotify watches from one budget, and the
 * kernel's default is too small for a node (https://kind.sigs.k8s.io/docs/user/known-issues).
 */
const wanted = { max_user_instances: 512, max_user_watches: 524_288 };

/** Raises the kernel's inotify limits where they are lower and this process may do so. */
export async function raiseInotifyLimits(): Promise<void> {
  for (const [name, limit] of Object.entries(wanted)) {
    const file = `/proc/sys/fs/inotify/${name}`;
    const present = Number(await readFile(file, "utf8").catch(() => Infinity));
    // Without root the default may still do; the node says so itself if it does not.
    if (present < limit) await writeFile(file, String(limit)).catch(() => undefined);
  }
}
