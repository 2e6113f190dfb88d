import { join } from "node:path";

import type { Command } from "commander";
import { execa } from "execa";

import { UserError } from "../errors.ts";
import { root, stateDir } from "../host/paths.ts";
import { addCounts, check, type TestCount, vitestCount } from "./check.ts";

/** The stacks of the end-to-end tests, one after the other, and the tests that each is for. */
const stacks = { test: "e2e", "test-parts": "e2e-parts" };

/** `npm test`: every check, then the end-to-end tests against a cluster of their own. */
export function register(program: Command): void {
  program
    .command("test")
    .description("run every check and test, the end-to-end tests on real clusters included")
    .action(async () => {
      let count = await check();
      for (const [stack, project] of Object.entries(stacks)) {
        // What an interrupted run left behind must not decide how this one goes.
        await lakehouse("down", "--stack", stack);
        try {
          await lakehouse("up", "--stack", stack);
          count = addCounts(count, await endToEnd(stack, project));
        } finally {
          await lakehouse("down", "--stack", stack);
        }
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

async function endToEnd(stack: string, project: string): Promise<TestCount> {
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
  const count = await vitestCount(report);
  if (exitCode !== 0 && count.failed === 0) {
    throw new UserError("The end-to-end tests could not run", { cure: "See the output above." });
  }
  return count;
}
