import { mkdir, readFile, rm } from "node:fs/promises";
import { join, relative } from "node:path";

import type { Command } from "commander";
import { execa } from "execa";

import { mavenJars } from "../build/maven.ts";
import { ensureVenv } from "../build/python.ts";
import { UserError } from "../errors.ts";
import { claimCache } from "../host/cache.ts";
import { root, stateDir } from "../host/paths.ts";
import type { Progress } from "../progress.ts";
import { runSteps, type Step } from "../steps.ts";

/** How many tests passed and failed, over every runner. */
export interface TestCount {
  readonly passed: number;
  readonly failed: number;
}

/** The same, with what to tell of the tests that failed. */
export interface TestOutcome extends TestCount {
  /** Each with its file, its name and its reason. */
  readonly failures: readonly string[];
}

const requirements = join(root, "test/requirements.txt");
const sparkJars = join(root, "images/spark/pom.xml");
const reports = join(stateDir, "reports");

/** `npm run check`: format, lint, types and unit tests; no cluster. */
export function register(program: Command): void {
  program
    .command("check")
    .description("check format, lint, types and unit tests")
    .action(async () => {
      const count = await check();
      process.stdout.write(`${count.passed} passed, ${count.failed} failed\n`);
    });
}

/**
 * Runs every check, also after one has failed, so that all that is wrong is seen at once.
 * @throws UserError naming the checks that failed, after their output was printed.
 */
export async function check(): Promise<TestCount> {
  await rm(reports, { recursive: true, force: true });
  await mkdir(reports, { recursive: true });
  const failed: string[] = [];
  /** A step that runs one tool and keeps going when it fails. */
  const tool = (
    title: string,
    command: () => readonly string[] | Promise<readonly string[]>,
  ): Step => ({
    title,
    run: async () => {
      const [file, ...args] = await command();
      const result = await execa(String(file), args, {
        cwd: root,
        preferLocal: true,
        reject: false,
        all: true,
        stdin: "ignore",
        env: { FORCE_COLOR: "0", ...(await pythonEnvironment()) },
      });
      if (result.exitCode === 0) return;
      failed.push(title);
      process.stderr.write(`\n── ${title} ──\n${result.all}\n\n`);
      return "FAILED";
    },
  });
  await runSteps([
    { title: "Python packages and Spark's jars for the tests", run: prepare },
    {
      together: [
        [
          tool("format (prettier)", () => ["prettier", "--check", "--log-level=warn", "."]),
          tool("lint (eslint)", () => ["eslint", "."]),
          tool("types (tsc)", () => ["tsc", "--noEmit"]),
          tool("format (ruff)", async () => [await venv(), "-m", "ruff", "format", "--check", "."]),
          tool("lint (ruff)", async () => [await venv(), "-m", "ruff", "check", "."]),
          tool("unit tests (vitest)", () => [
            ...["vitest", "run", "--project", "unit", "--reporter=default", "--reporter=json"],
            `--outputFile.json=${join(reports, "vitest-unit.json")}`,
          ]),
        ],
        [
          tool("unit tests (pytest)", async () => [
            ...[await venv(), "-m", "pytest", "-q", "-p", "no:cacheprovider"],
            `--junitxml=${join(reports, "pytest.xml")}`,
          ]),
        ],
      ],
    },
  ]);
  if (failed.length > 0) {
    throw new UserError(`Failed: ${failed.join(", ")}`, {
      cure: "See the output above. `npm run format` mends the format.",
    });
  }
  return addCounts(
    await readVitestReport(join(reports, "vitest-unit.json")),
    await pytestCount(join(reports, "pytest.xml")),
  );
}

async function prepare(progress: Progress): Promise<void> {
  await claimCache();
  await Promise.all([ensureVenv(requirements, progress), mavenJars(sparkJars, progress)]);
}

/** Path of the Python that has what the tests need. */
async function venv(): Promise<string> {
  return join(await ensureVenv(requirements, () => undefined), "bin", "python");
}

async function pythonEnvironment(): Promise<Record<string, string>> {
  return {
    LAKEHOUSE_PYTHON: await venv(),
    LAKEHOUSE_SPARK_JARS: await mavenJars(sparkJars, () => undefined),
  };
}

/** What we read of vitest's JSON report, which has the form of Jest's. */
interface VitestReport {
  readonly numPassedTests: number;
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    /** Why the file could not run, beside its tests. */
    readonly message: string;
    readonly assertionResults: readonly {
      readonly fullName: string;
      readonly status: string;
      readonly failureMessages: readonly string[];
    }[];
  }[];
}

/** What a vitest JSON report says: a file that could not run counts as a failed test. */
export async function readVitestReport(file: string): Promise<TestOutcome> {
  const report = JSON.parse(await readFile(file, "utf8")) as VitestReport;
  const failures = report.testResults.flatMap(({ name, status, message, assertionResults }) => {
    const failed = assertionResults
      .filter((test) => test.status === "failed")
      .map(({ fullName, failureMessages }) => [fullName, ...failureMessages]);
    const reasons = failed.length === 0 && status === "failed" ? [[message]] : failed;
    return reasons.map((lines) => [relative(root, name), ...lines].join("\n"));
  });
  return { passed: report.numPassedTests, failed: failures.length, failures };
}

/** The counts of pytest's JUnit XML report. */
async function pytestCount(file: string): Promise<TestCount> {
  const xml = await readFile(file, "utf8");
  const attribute = (name: string): number =>
    Number(new RegExp(`<testsuite [^>]*\\b${name}="(\\d+)"`).exec(xml)?.[1] ?? 0);
  const failed = attribute("failures") + attribute("errors");
  return { passed: attribute("tests") - failed - attribute("skipped"), failed };
}

/** The sum of two counts. */
export function addCounts(one: TestCount, other: TestCount): TestCount {
  return { passed: one.passed + other.passed, failed: one.failed + other.failed };
}
