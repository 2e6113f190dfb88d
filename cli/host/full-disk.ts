/** What programs say when a disk, or the share of it that a user may fill, is full. */
const fullDisk = /ENOSPC|EDQUOT|no space left on device|disk quota exceeded/i;
/** The kernel says the same when a user has no file watch left, which has nothing to do with disks. */
const fileWatch = /inotify|fsnotify|watch/i;

/** Whether a program's output tells of a full disk. */
export function tellsOfFullDisk(output: string): boolean {
  return output.split("\n").some((line) => fullDisk.test(line) && !fileWatch.test(line));
}

/** Whether an error, or what caused it, is a full disk, here or in a program that was run. */
export function isFullDisk(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  // Those of execa and of UserError, beside the message that every error has.
  const texts = ["message", "stderr", "stdout", "all", "log"].map(
    (name) => (error as unknown as Record<string, unknown>)[name],
  );
  return (
    texts.some((text) => typeof text === "string" && tellsOfFullDisk(text)) ||
    isFullDisk(error.cause)
  );
}
