import { createWriteStream } from "node:fs";
import { mkdir } from "node:fs/promises";
import { dirname } from "node:path";
import { createInterface } from "node:readline";
import { finished } from "node:stream/promises";
import { stripVTControlCharacters } from "node:util";
import { execa } from "execa";
import { UserError } from "../errors.ts";
import type { Progress } from "../progress.ts";
import { tellsOfFullDisk } from "./full-disk.ts";

export interface CommandOptions {
  readonly cwd?: string;
  /** Added to the environment of this process. */
  readonly env?: Readonly<Record<string, string>>;
  /** Given on standard input; otherwise standard input is empty. */
  readonly input?: string | Uint8Array;
  /** Milliseconds after which the command is killed and the call fails. */
  readonly timeout?: number;
}

/**
 * Runs a short command and returns its standard output without the last newline.
 * Fails with execa's error, which carries the command, its exit code and its standard error.
 */
export async function capture(
  command: string,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<string> {
  const { stdout } = await execa(command, args, {
    ...options,
    ...(options.input === undefined ? { stdin: "ignore" as const } : {}),
  });
  return stdout;
}

/** Whether the command exists, runs and exits with 0. */
export async function succeeds(
  command: string,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<boolean> {
  const result = await execa(command, args, { ...options, stdin: "ignore", reject: false });
  return result.exitCode === 0;
}

export interface LoggedCommandOptions extends CommandOptions {
  /** What the command does, as the subject of "... failed". */
  readonly what: string;
  /** What the user can do when it fails. */
  readonly cure: string;
  /** File that receives all output; it is overwritten. */
  readonly logFile: string;
}

/**
 * Runs a long command: every line goes to the log file and to `progress`.
 * Throws a UserError with the last lines of the log when it fails.
 */
export async function runLogged(
  command: string,
  args: readonly string[],
  options: LoggedCommandOptions,
  progress: Progress,
): Promise<void> {
  const { what, cure, logFile, ...rest } = options;
  await mkdir(dirname(logFile), { recursive: true });
  const log = createWriteStream(logFile);
  // Without room for its log the command itself may still do, or says why not.
  const written = finished(log).catch(() => undefined);
  const lastLines: string[] = [];
  let fullDisk: string | undefined;
  const child = execa(command, args, {
    ...rest,
    ...(rest.input === undefined ? { stdin: "ignore" as const } : {}),
    all: true,
    buffer: false,
    reject: false,
  });
  for await (const line of createInterface({ input: child.all })) {
    const text = stripVTControlCharacters(line).trimEnd();
    log.write(`${text}\n`);
    if (text === "") continue;
    if (tellsOfFullDisk(text)) fullDisk ??= text;
    lastLines.push(text);
    if (lastLines.length > 25) lastLines.shift();
    progress(text.trim());
  }
  const result = await child;
  log.end();
  await written;
  if (result.failed) {
    throw new UserError(`${what} failed (${result.shortMessage}; log: ${logFile})`, {
      cure,
      // What follows upon a full disk hides the reason, if it is long.
      log: [
        ...(fullDisk === undefined || lastLines.includes(fullDisk) ? [] : [fullDisk, "..."]),
        ...lastLines,
      ].join("\n"),
    });
  }
}
