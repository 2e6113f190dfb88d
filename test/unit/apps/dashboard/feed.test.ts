import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { Feed } from "../../../../apps/dashboard/server/feed.ts";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

function counting(rhythm = { interval: 1_000, rest: 1 }, takes = 0) {
  let rounds = 0;
  const feed = new Feed(
    { round: 0, fixed: "same" },
    async (shown) => {
      await new Promise((resolve) => setTimeout(resolve, takes));
      return { ...shown, round: ++rounds };
    },
    rhythm,
  );
  return { feed, rounds: () => rounds };
}

describe("Feed", () => {
  it("reads for whoever asks, once for all who ask at the same time", async () => {
    const { feed, rounds } = counting(undefined, 10);
    const asked = Promise.all([feed.current(), feed.current()]);
    await vi.advanceTimersByTimeAsync(10);
    const [first, second] = await asked;
    expect(first).toBe(second);
    expect(await feed.current()).toBe(first);
    expect(rounds()).toBe(1);
  });

  it("reads anew for whoever asks after the interval", async () => {
    const { feed } = counting();
    const first = feed.current();
    await vi.advanceTimersByTimeAsync(1_000);
    expect(await first).toMatchObject({ round: 1 });
    const second = feed.current();
    await vi.advanceTimersByTimeAsync(0);
    expect(await second).toMatchObject({ round: 2 });
  });

  it("reads while somebody watches, however many they are, and not otherwise", async () => {
    const { feed, rounds } = counting();
    await vi.advanceTimersByTimeAsync(5_000);
    expect(rounds()).toBe(0);
    const stops = [feed.watch(() => undefined), feed.watch(() => undefined)];
    await vi.advanceTimersByTimeAsync(2_500);
    expect(rounds()).toBe(3);
    for (const stop of stops) stop();
    await vi.advanceTimersByTimeAsync(10_000);
    expect(rounds()).toBe(3);
    expect(feed.isWatched).toBe(false);
  });

  it("rests after a slow reading for a multiple of the time that it took", async () => {
    const { feed, rounds } = counting({ interval: 1_000, rest: 3 }, 2_000);
    const stop = feed.watch(() => undefined);
    await vi.advanceTimersByTimeAsync(7_999);
    expect(rounds()).toBe(1);
    await vi.advanceTimersByTimeAsync(2_002);
    expect(rounds()).toBe(2);
    stop();
  });

  it("gives what viewers see to whoever asks meanwhile, without another reading", async () => {
    const { feed, rounds } = counting();
    const stop = feed.watch(() => undefined);
    await vi.advanceTimersByTimeAsync(100);
    expect(await feed.current()).toMatchObject({ round: 1 });
    expect(rounds()).toBe(1);
    stop();
  });

  it("tells which sections have changed, each change with a greater version", async () => {
    const { feed } = counting();
    const changed: string[] = [];
    const stop = feed.watch((name) => changed.push(`${name} ${feed.versionOf(name) > 0}`));
    await vi.advanceTimersByTimeAsync(100);
    const first = feed.versionOf("round");
    await vi.advanceTimersByTimeAsync(1_000);
    expect(changed).toEqual(["round true", "round true"]);
    expect(feed.versionOf("round")).toBeGreaterThan(first);
    expect(feed.versionOf("fixed")).toBe(0);
    stop();
  });
});
