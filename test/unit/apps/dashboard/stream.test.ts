import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { startApp, type TestApp } from "./test-app.ts";

let dashboard: TestApp;
/** Where it listens. */
let address: string;

beforeEach(async () => {
  dashboard = await startApp();
  address = await dashboard.app.listen({ port: 0 });
});

afterEach(() => dashboard.stop());

interface ServerSentEvent {
  readonly id: string;
  readonly event: string;
  readonly data: unknown;
}

/** Reads events of a real connection until `isEnough`. */
async function readEvents(
  isEnough: (events: readonly ServerSentEvent[]) => boolean,
  headers: Record<string, string> = {},
  parameters = "",
): Promise<ServerSentEvent[]> {
  const stop = new AbortController();
  const response = await fetch(`${address}/api/stream${parameters}`, {
    headers,
    signal: stop.signal,
  });
  expect(response.headers.get("content-type")).toBe("text/event-stream; charset=utf-8");
  let text = "";
  const events: ServerSentEvent[] = [];
  if (response.body === null) throw new Error("The stream has no body");
  for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
    const blocks = (text + chunk).split("\n\n");
    text = blocks.pop() ?? "";
    for (const block of blocks) {
      const [, id = "", event = "", data = ""] =
        /^id: (.*)\nevent: (.*)\ndata: (.*)$/.exec(block) ?? [];
      if (event !== "") events.push({ id, event, data: JSON.parse(data) as unknown });
    }
    if (isEnough(events)) break;
  }
  stop.abort();
  return events;
}

const sections = [
  ...["status", "kpis", "series", "orders", "alerts", "errors"],
  ...["users", "buyers", "top", "detailStatus"],
];

describe("the stream", () => {
  it("sends every section, then each that changes", async () => {
    const events = await readEvents((some) =>
      some.some(({ event, data }, index) => index > 9 && event === "kpis" && data !== null),
    );
    expect(events.slice(0, 10).map(({ event }) => event)).toEqual(sections);
    expect(events[0]?.data).toMatchObject({ state: "loading" });
    expect(events.slice(10).find(({ event }) => event === "status")?.data).toMatchObject({
      state: "live",
    });
  });

  it("sends one who comes back only what changed meanwhile", async () => {
    const { board, details } = dashboard.boards.of("1h");
    await Promise.all([board.current(), details.current()]);
    const before = await readEvents((some) => some.length >= 10);
    const lastId =
      before
        .map(({ id }) => id)
        .toSorted(byVersion)
        .at(-1) ?? "";
    const after = await readEvents((some) => some.length >= 1, { "last-event-id": lastId });
    // Only the time of reading moves on.
    expect(after.map(({ event }) => event)).toEqual(["status"]);
    const stranger = await readEvents((some) => some.length >= 10, { "last-event-id": "other-1" });
    expect(stranger.length).toBeGreaterThanOrEqual(10);
  });

  it("of the pipeline has nothing else", async () => {
    const events = await readEvents(
      (some) => some.some(({ data }) => data !== null),
      {},
      "?view=pipeline",
    );
    expect(new Set(events.map(({ event }) => event))).toEqual(new Set(["pipeline"]));
    expect(dashboard.tables.askedFor("kpis_per_minute")).toEqual([]);
  });

  it("stops reading when the viewer leaves", async () => {
    await readEvents((some) => some.length >= 10);
    await expect.poll(() => dashboard.viewers.count).toBe(0);
    expect(dashboard.boards.of("1h").board.isWatched).toBe(false);
    expect(dashboard.boards.of("1h").details.isWatched).toBe(false);
  });
});

function byVersion(one: string, other: string): number {
  return Number(one.split("-")[1]) - Number(other.split("-")[1]);
}
