import { setTimeout as sleep } from "node:timers/promises";

/** Milliseconds between two looks at a condition; most of ours change within seconds. */
const interval = 250;

/**
 * Waits until `condition` gives something other than undefined or false, and returns it.
 * Returns undefined when `timeout` milliseconds have passed without.
 */
export async function waitFor<T>(
  condition: () => Promise<T | undefined | false>,
  timeout: number,
): Promise<T | undefined> {
  const deadline = Date.now() + timeout;
  for (;;) {
    const value = await condition();
    if (value !== undefined && value !== false) return value;
    if (Date.now() >= deadline) return undefined;
    await sleep(interval);
  }
}
