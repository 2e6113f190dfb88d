import { mkdir } from "node:fs/promises";
import { dirname } from "node:path";
import { execa } from "execa";

/**
 * Runs `action` while holding an exclusive lock on a file, so that two commands started side by
 * side do not build the same thing twice. The kernel frees the lock when its holder dies, so there
 * are no stale locks: the holder is a child that lives exactly as long as our end of its pipe.
 */
export async function withLock<T>(file: string, action: () => Promise<T>): Promise<T> {
  await mkdir(dirname(file), { recursive: true });
  const holder = execa("flock", [file, "sh", "-c", "echo locked; exec cat"], {
    stdin: "pipe",
    stdout: "pipe",
    buffer: false,
  });
  const exited = holder.catch((error: unknown) => {
    throw new Error(`cannot lock ${file}`, { cause: error });
  });
  await Promise.race([new Promise((resolve) => holder.stdout.once("data", resolve)), exited]);
  try {
    return await action();
  } finally {
    holder.stdin.end();
    await exited;
  }
}

/** Whether somebody holds the lock on a file right now. */
export async function isLocked(file: string): Promise<boolean> {
  const conflict = 75;
  const options = ["--nonblock", `--conflict-exit-code=${conflict}`];
  const { exitCode } = await execa("flock", [...options, file, "true"], { reject: false });
  return exitCode === conflict;
}
