import {
  Listr,
  ListrLogger,
  type ListrTask,
  PRESET_TIMER,
  PRESET_TIMESTAMP,
  ProcessOutput,
} from "listr2";
import { throttle } from "throttle-debounce";

import type { Progress } from "./progress.ts";

/** Time between two lines of one step where lines stay on the screen or in a log, in ms. */
const plainLineInterval = 5_000;

/** One line of the checklist that a command works through. */
export interface Step {
  readonly title: string;
  /** Does the work; a returned text is shown behind the title once it is done. */
  readonly run: (progress: Progress) => Promise<string | undefined> | Promise<void>;
  /** True: there is nothing to do, the step is not shown. */
  readonly skip?: boolean;
}

/** Steps that run one after the other (`Step[]`), or side by side (`{ together: Step[][] }`). */
export type Plan = readonly (Step | { readonly together: readonly (readonly Step[])[] })[];

/**
 * Works through the plan, showing each step with its progress and elapsed time on stderr; a
 * terminal gets a live list, anything else plain lines with the time of day.
 * @throws what the first failing step throws, at once: steps beside it may still be at work.
 */
export async function runSteps(plan: Plan): Promise<void> {
  const logger = new ListrLogger({
    processOutput: new ProcessOutput(process.stderr, process.stderr),
  });
  const rendererOptions = { logger, timer: PRESET_TIMER };
  const tasks: ListrTask[] = plan.flatMap((entry): ListrTask[] =>
    "together" in entry
      ? [
          {
            task: (_, task) =>
              task.newListr(
                entry.together.map((lane) => ({
                  task: (__, laneTask) =>
                    laneTask.newListr(lane.map(toTask), { concurrent: false }),
                })),
                { concurrent: true, exitOnError: true },
              ),
          },
        ]
      : [toTask(entry)],
  );
  await new Listr(tasks, {
    renderer: process.stderr.isTTY ? "default" : "verbose",
    rendererOptions: process.stderr.isTTY
      ? { ...rendererOptions, collapseSubtasks: false }
      : { ...rendererOptions, timestamp: PRESET_TIMESTAMP },
    exitOnError: true,
  } as ConstructorParameters<typeof Listr>[1]).run();
}

function toTask(step: Step): ListrTask {
  return {
    title: step.title,
    skip: step.skip ?? false,
    task: async (_, task) => {
      let shown = "";
      const write = (line: string): void => {
        if (line === shown) return;
        shown = line;
        // Plain lines of steps that run side by side must say whose they are.
        task.output = process.stderr.isTTY ? line : `${step.title}: ${line}`;
      };
      const show = throttle(process.stderr.isTTY ? 0 : plainLineInterval, write);
      try {
        const summary: unknown = await step.run(show);
        if (typeof summary === "string") task.title = `${step.title}: ${summary}`;
      } finally {
        show.cancel();
      }
    },
  };
}
