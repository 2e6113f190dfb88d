import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, beforeAll, expect, test } from "vitest";

import { readVitestReport } from "../../../../cli/commands/check.ts";
import { root } from "../../../../cli/host/paths.ts";

let folder: string;
let report: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "lakehouse-report-"));
  report = join(folder, "vitest.json");
  const passed = { fullName: "adds", status: "passed", failureMessages: [] };
  await writeFile(
    report,
    JSON.stringify({
      numPassedTests: 2,
      testResults: [
        {
          name: join(root, "test/unit/one.test.ts"),
          status: "failed",
          message: "",
          assertionResults: [
            passed,
            { fullName: "counts", status: "failed", failureMessages: ["expected 1 to be 2"] },
          ],
        },
        {
          name: join(root, "test/unit/two.test.ts"),
          status: "failed",
          message: "Cannot find module",
          assertionResults: [],
        },
        {
          name: join(root, "test/unit/three.test.ts"),
          status: "passed",
          message: "",
          assertionResults: [passed, { fullName: "later", status: "skipped", failureMessages: [] }],
        },
      ],
    }),
  );
});

afterAll(() => rm(folder, { recursive: true }));

test("failures name their file, their test and their reason", async () => {
  const { failures } = await readVitestReport(report);
  expect(failures).toEqual([
    "test/unit/one.test.ts\ncounts\nexpected 1 to be 2",
    "test/unit/two.test.ts\nCannot find module",
  ]);
});

test("a file that could not run counts as a failed test", async () => {
  expect(await readVitestReport(report)).toMatchObject({ passed: 2, failed: 2 });
});
