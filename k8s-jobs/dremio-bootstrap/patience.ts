import pRetry from "p-retry";

/** How long something may take, and whom to tell that it is not there yet. */
export interface Patience {
  /** Time, as `Date.now()` counts it, after which nothing is tried again. */
  readonly deadline: number;
  /** Longest pause between two attempts, in ms. */
  readonly pause: number;
  readonly log: (line: string) => void;
}

/**
 * Tries again while a failure is a passing one and there is time. Each reason to wait is told once.
 * @throws the last failure.
 */
export async function patiently<T>(
  { deadline, pause, log }: Patience,
  attempt: () => Promise<T>,
  isPassing: (error: unknown) => boolean,
): Promise<T> {
  let told: string | undefined;
  return pRetry(attempt, {
    retries: Number.POSITIVE_INFINITY,
    factor: 2,
    minTimeout: Math.min(250, pause),
    maxTimeout: pause,
    shouldRetry: ({ error }) => {
      if (!isPassing(error) || Date.now() >= deadline) return false;
      if (error.message !== told) log(`waiting: ${error.message}`);
      told = error.message;
      return true;
    },
  });
}
