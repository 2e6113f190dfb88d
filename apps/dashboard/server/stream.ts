import { PassThrough, type Readable } from "node:stream";

/** A connection without traffic may be cut by whatever lies between: something is sent this often, in ms. */
const heartbeat = 15_000;
/** How soon a browser connects again, in ms. */
const reconnectAfter = 2_000;
/** A viewer that reads too slowly is cut off when this many bytes wait for it; it connects again. */
const mostWaiting = 1024 * 1024;

/** Tells one run of the server from another, whose ids mean something else. */
const run = Date.now().toString(36);

/** What a stream is made of, as far as it needs to know a `Feed`. */
export interface StreamSource {
  readonly sections: object;
  readonly names: readonly string[];
  versionOf(name: string): number;
  watch(listener: (name: string) => void): () => void;
}

/**
 * Server-sent events for one viewer: every section at first, then each that changes, as an event
 * of the section's name. Ids say what a viewer has seen, so that one who connects again gets what
 * changed meanwhile.
 *
 * @param lastEventId what the browser sends when it connects again.
 */
export function eventStream(
  sources: readonly StreamSource[],
  lastEventId: string | undefined,
): Readable {
  const stream = new PassThrough();
  const send = (source: StreamSource, name: string): void => {
    const id = `${run}-${source.versionOf(name)}`;
    const data = JSON.stringify((source.sections as Record<string, unknown>)[name]);
    stream.write(`id: ${id}\nevent: ${name}\ndata: ${data}\n\n`);
    if (stream.writableLength > mostWaiting) stream.destroy();
  };

  stream.write(`retry: ${reconnectAfter}\n\n`);
  const seen = seenVersion(lastEventId);
  const missed = sources
    .flatMap((source) => source.names.map((name) => ({ source, name })))
    .filter(({ source, name }) => seen === undefined || source.versionOf(name) > seen)
    // In the order of their versions: the last id that a viewer has stands for all before it.
    .toSorted((one, other) => one.source.versionOf(one.name) - other.source.versionOf(other.name));
  for (const { source, name } of missed) send(source, name);

  const stops = sources.map((source) =>
    source.watch((name) => {
      send(source, name);
    }),
  );
  const beats = setInterval(() => {
    stream.write(": still here\n\n");
  }, heartbeat);
  stream.once("close", () => {
    for (const stop of stops) stop();
    clearInterval(beats);
  });
  return stream;
}

function seenVersion(lastEventId: string | undefined): number | undefined {
  const [ofRun, version] = lastEventId?.split("-") ?? [];
  return ofRun === run && version !== undefined ? Number(version) : undefined;
}
