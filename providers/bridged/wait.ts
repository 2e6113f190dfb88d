import { setTimeout as pause } from "node:timers/promises";
import type { Operation } from "../runtime/provider.ts";

/** Longest time between two questions, in milliseconds. */
const LONGEST_PAUSE_MS = 1000;

/** A shorter wait is over before anyone could read of it. */
const WORTH_TELLING_MS = 400;

/**
 * Asks until there is an answer, at most until the operation's time is over.
 *
 * @param what What is awaited, such as `topic "orders" to have leaders`.
 * @param ask Returns `undefined` for not yet.
 */
export async function waitFor<Answer>(
  what: string,
  operation: Pick<Operation<unknown>, "signal" | "status">,
  ask: () => Promise<Answer | undefined>,
): Promise<Answer> {
  for (let pauseMs = 50; ; pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS)) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (pauseMs >= WORTH_TELLING_MS) operation.status(`waiting for ${what}`);
    try {
      await pause(pauseMs, undefined, { signal: operation.signal });
    } catch (cause) {
      throw new Error(
        `gave up waiting for ${what}. Look at the server's log; customTimeouts allows more time`,
        { cause },
      );
    }
  }
}
