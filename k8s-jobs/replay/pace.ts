import { setTimeout as sleep } from "node:timers/promises";

import { UserError } from "../../cli/errors.ts";

/** Objects a second, or as many as the object store takes. */
export type Pace = number | "max";

/** Time that was lost to a slow store is caught up to this many ms. */
const mostCatchUp = 1_000;

/** @throws UserError if the text is neither `max` nor a whole number above 0. */
export function parsePace(text: string): Pace {
  if (text === "max") return "max";
  const pace = /^\d{1,6}$/.test(text) ? Number(text) : 0;
  if (pace > 0) return pace;
  throw new UserError(`The pace "${text}" is neither a whole number above 0 nor "max"`, {
    cure: "For example --pace 50 copies fifty objects a second; --pace max does not wait at all.",
  });
}

/** Hands items on no faster than the pace, and none any more once the signal is aborted. */
export async function* atPace<Item>(
  items: AsyncIterable<Item>,
  pace: Pace,
  signal?: AbortSignal,
): AsyncGenerator<Item> {
  const interval = pace === "max" ? 0 : 1_000 / pace;
  let due = Date.now();
  for await (const item of items) {
    const early = due - Date.now();
    if (early > 0) await sleep(early, undefined, { signal }).catch(() => undefined);
    if (signal?.aborted) return;
    yield item;
    due = Math.max(due + interval, Date.now() - mostCatchUp);
  }
}
