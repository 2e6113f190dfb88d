import { UserError } from "./errors.ts";
import { describeSpaces, freeSpaces, type Space } from "./host/disk.ts";
import { isFullDisk } from "./host/full-disk.ts";

/**
 * Turns a failure for lack of disk space, which may come from anything that writes, into one message
 * with the room that there is and the cure; any other error stays as it is.
 * @param measure - finds the room. @default wherever the commands write
 */
export async function explained(
  error: unknown,
  measure: () => Promise<readonly Space[]> = measureAll,
): Promise<unknown> {
  if (!isFullDisk(error)) return error;
  const { message, log, stderr } = error as Error & { log?: string; stderr?: string };
  // A disk that is full must not keep the message back as well.
  const room = describeSpaces(await measure().catch(() => []));
  const [what = "", ...rest] = message.split("\n");
  const output = log ?? (typeof stderr === "string" ? stderr : rest.join("\n"));
  return new UserError(`A disk is full: ${what}`, {
    cure:
      "Free space (`df -h`), or move a folder to a larger disk: LAKEHOUSE_CACHE, or `data-root` in /etc/docker/daemon.json. " +
      "`npm run down -- --purge` removes all that is kept for this project. " +
      "Then run the command again: it goes on where this one ended.",
    log: [...(output.trim() === "" ? [] : [output.trimEnd()]), ...room].join("\n"),
    cause: error,
  });
}

async function measureAll(): Promise<Space[]> {
  return Object.values(await freeSpaces()).filter((space) => space !== undefined);
}
