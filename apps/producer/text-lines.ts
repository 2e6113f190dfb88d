import { createReadStream } from "node:fs";
import { open, stat } from "node:fs/promises";
import { pipeline } from "node:stream";
import { StringDecoder } from "node:string_decoder";
import { createGunzip } from "node:zlib";

import { UserError } from "../../cli/errors.ts";

/**
 * Longest line that is read, in characters. A line travels verbatim inside one Kafka message, and
 * brokers take messages of 1 MiB by default.
 */
const defaultLongestLine = 256 * 1024;

/** How much of a file has been read, for a progress display. */
export interface ReadPosition {
  /** Bytes of the file itself, so compressed ones where it is compressed. */
  bytesRead: number;
}

/** Size in bytes of a file that can be read line by line. */
export async function regularFileSize(path: string): Promise<number> {
  let entry;
  try {
    entry = await stat(path);
  } catch (error) {
    throw unreadable(path, error);
  }
  if (!entry.isFile()) {
    throw new UserError(
      `${path} is ${entry.isDirectory() ? "a directory" : "not a regular file"}`,
      {
        cure: "Name one CSV file, plain or compressed with gzip.",
      },
    );
  }
  return entry.size;
}

/**
 * Reads a UTF-8 text file, plain or gzip (told apart by content, not by name), as lists of lines
 * without their line ends (LF or CRLF). A byte order mark is dropped; the last line counts whether or
 * not it is ended, so that there is an empty one behind the last line end.
 *
 * @param longestLine in characters. @default 256 Ki
 * @throws UserError if the file cannot be read or decompressed, or has a longer line.
 */
export async function* readLines(
  path: string,
  position: ReadPosition = { bytesRead: 0 },
  longestLine = defaultLongestLine,
): AsyncGenerator<string[]> {
  await regularFileSize(path);
  let isGzip;
  try {
    isGzip = await startsAsGzip(path);
  } catch (error) {
    throw unreadable(path, error);
  }

  const file = createReadStream(path, { highWaterMark: 256 * 1024 });
  file.on("data", (bytes) => {
    position.bytesRead += bytes.length;
  });
  // pipeline hands a failure of the file on to the reader of the decompressed stream.
  const bytes = isGzip ? pipeline(file, createGunzip(), () => undefined) : file;

  const decoder = new StringDecoder("utf8");
  let rest = "";
  let isStart = true;
  try {
    for await (const chunk of bytes as AsyncIterable<Buffer>) {
      let text = rest + decoder.write(chunk);
      if (isStart && text !== "") {
        isStart = false;
        text = text.replace(/^\uFEFF/, "");
      }
      const lines = text.split("\n");
      rest = lines.pop() ?? "";
      if (rest.length > longestLine || lines.some((line) => line.length > longestLine)) {
        throw new UserError(`${path} has a line of more than ${longestLine} characters`, {
          cure: "Check that it is a CSV text file with one row a line.",
        });
      }
      yield withoutLineEnds(lines);
    }
  } catch (error) {
    throw error instanceof UserError ? error : unreadable(path, error);
  }
  yield withoutLineEnds([rest + decoder.end()]);
}

async function startsAsGzip(path: string): Promise<boolean> {
  const file = await open(path);
  try {
    const { bytesRead, buffer } = await file.read(Buffer.alloc(2), 0, 2, 0);
    return bytesRead === 2 && buffer.readUInt16BE() === 0x1f8b;
  } finally {
    await file.close();
  }
}

function withoutLineEnds(lines: readonly string[]): string[] {
  return lines.map((line) => (line.endsWith("\r") ? line.slice(0, -1) : line));
}

function unreadable(path: string, cause: unknown): UserError {
  const { code, message } = cause as NodeJS.ErrnoException;
  switch (code) {
    case "ENOENT":
      return new UserError(`There is no file ${path}`, { cure: "Check the path.", cause });
    case "EACCES":
      return new UserError(`${path} may not be read`, { cure: "Check its permissions.", cause });
    case "Z_BUF_ERROR":
    case "Z_DATA_ERROR":
      return new UserError(`${path} cannot be decompressed: ${message}`, {
        cure: "The gzip file is damaged or was cut short: fetch it again.",
        cause,
      });
    default:
      return new UserError(`${path} cannot be read: ${message}`, {
        cure: "Check the path and the disk.",
        cause,
      });
  }
}
