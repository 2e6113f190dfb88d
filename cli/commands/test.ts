import { join } from "node:path";

import type { Command } from "commander";
import { execa } from "execa";

import { UserError } from "../errors.ts";
import { root, stateDir } from "../host/paths.ts";
import { addCounts, check, readVitestReport, type TestOutcome } from "./check.ts";

/** Lines of each failure that are shown at the end. */
const shownLines = 25;

/** The stacks of the end-to-end tests, one after the other, and the tests that each is for. */
const stacks = { test: "e2e", "test-parts": "e2e-parts" };

/** `npm test`: every check, then the end-to-end tests against a cluster of their own. */
export function register(program: Command): void {
  program
    .command("test")
    .description("run every check and test, the end-to-end tests on real clusters included")
    .action(async () => {
      let count = await check();
      const failures: string[] = [];
      for (const [stack, project] of Object.entries(stacks)) {
        // What an interrupted run left behind must not decide how this one goes.
        await lakehouse("down", "--stack", stack);
        try {
          await lakehouse("up", "--stack", stack);
          const outcome = await endToEnd(stack, project);
          count = addCounts(count, outcome);
          failures.push(...outcome.failures);
        } finally {
          await lakehouse("down", "--stack", stack);
        }
      }
      // Again at the end: the removal of the clusters has long moved them out of sight.
      if (failures.length > 0) {
        process.stdout.write(`\n── Failed tests ──\n${failures.map(shortened).join("\n\n")}\n\n`);
      }
      // The plain closing line that continuous integration reads, in any language.
      process.stdout.write(`${count.passed} passed, ${count.failed} failed\n`);
      if (count.failed > 0) process.exitCode = 1;
    });
}

/** Runs one of our own commands as a user would. */
async function lakehouse(...args: readonly string[]): Promise<void> {
  const { exitCode } = await execa("node", ["cli/lakehouse.mjs", ...args], {
    cwd: root,
    stdio: ["ignore", "inherit", "inherit"],
    reject: false,
  });
  if (exitCode !== 0) {
    throw new UserError(`npm run ${args.join(" ")} ended with exit code ${exitCode ?? "none"}`, {
      cure: "See the output above.",
    });
  }
}

/** Runs the tests of one stack. */
async function endToEnd(stack: string, project: string): Promise<TestOutcome> {
  const report = join(stateDir, `reports/vitest-${project}.json`);
  const { exitCode } = await execa(
    "vitest",
    [
      ...["run", "--project", project, "--reporter=verbose", "--reporter=json"],
      `--outputFile.json=${report}`,
    ],
    {
      cwd: root,
      preferLocal: true,
      stdio: ["ignore", "inherit", "inherit"],
      reject: false,
      env: { LAKEHOUSE_TEST_STACK: stack },
    },
  );
  const outcome = await readVitestReport(report);
  if (exitCode !== 0 && outcome.failed === 0) {
    throw new UserError("The end-to-end tests could not run", { cure: "See the output above." });
  }
  return outcome;
}

/** The beginning of a failure, without the stack trace of the test runner. */
function shortened(failure: string): string {
  const lines = failure.split("\n").filter((line) => !/^\s+at .*node_modules/.test(line));
  return lines.slice(0, shownLines).join("\n");
}
