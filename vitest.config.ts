import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

/** Files in the order of their names: by default the largest runs first. */
class ByName extends BaseSequencer {
  override sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const order = new Intl.Collator("en", { numeric: true });
    return Promise.resolve(
      files.toSorted((one, other) => order.compare(one.moduleId, other.moduleId)),
    );
  }
}

export default defineConfig({
  test: {
    sequence: { sequencer: ByName },
    projects: [
      { test: { name: "unit", include: ["test/unit/**/*.test.ts"] } },
      {
        test: {
          name: "e2e",
          include: ["test/e2e/**/*.test.ts"],
          globalSetup: "test/e2e/setup.ts",
          // One real cluster serves all of them, in order.
          fileParallelism: false,
          testTimeout: 10 * 60_000,
          hookTimeout: 60 * 60_000,
        },
      },
    ],
  },
});
