import { PassThrough, type Readable } from "node:stream";

import { type SectionName, sectionNames } from "../api.ts";
import type { Board } from "./board.ts";

/** A connection without traffic may be cut by whatever lies between: something is sent this often, in ms. */
const heartbeat = 15_000;
/** How soon a browser connects again, in ms. */
const reconnectAfter = 2_000;
/** A viewer that reads too slowly is cut off when this many bytes wait for it; it connects again. */
const mostWaiting = 1024 * 1024;

/** Tells one run of the server from another, whose ids mean something else. */
const run = Date.now().toString(36);

/**
 * Server-sent events for one viewer: every section at first, then each that changes, as an event
 * of the section's name. Ids say what a viewer has seen, so that one who connects again gets what
 * changed meanwhile.
 *
 * @param lastEventId what the browser sends when it connects again.
 */
export function eventStream(board: Board, lastEventId: string | undefined): Readable {
  const stream = new PassThrough();
  const send = (name: SectionName): void => {
    const id = `${run}-${board.versionOf(name)}`;
    const data = JSON.stringify(board.sections[name]);
    stream.write(`id: ${id}\nevent: ${name}\ndata: ${data}\n\n`);
    if (stream.writableLength > mostWaiting) stream.destroy();
  };

  stream.write(`retry: ${reconnectAfter}\n\n`);
  const seen = seenVersion(lastEventId);
  for (const name of sectionNames)
    if (seen === undefined || board.versionOf(name) > seen) send(name);

  const stopWatching = board.watch(send);
  const beats = setInterval(() => {
    stream.write(": still here\n\n");
  }, heartbeat);
  stream.once("close", () => {
    stopWatching();
    clearInterval(beats);
  });
  return stream;
}

function seenVersion(lastEventId: string | undefined): number | undefined {
  const [ofRun, version] = lastEventId?.split("-") ?? [];
  return ofRun === run && version !== undefined ? Number(version) : undefined;
}
