import type { Change } from "./events.ts";

/** What a run of a stack did, or would do. */
export interface Outcome {
  readonly changes: readonly Change[];
  /** What the user should know although nothing failed. */
  readonly warnings: readonly string[];
}

/** Says the warnings on stderr, once nothing else is shown there that would push them away. */
export function showWarnings({ warnings }: Outcome): void {
  for (const warning of warnings) process.stderr.write(`Warning: ${warning}\n`);
}
