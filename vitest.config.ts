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

/** Tests of a deployed stack, which serves all of them in order. */
const endToEnd = (name: string) => ({
  test: {
    name,
    include: [`test/${name}/**/*.test.ts`],
    globalSetup: "test/e2e/setup.ts",
    fileParallelism: false,
    testTimeout: 10 * 60_000,
    hookTimeout: 60 * 60_000,
  },
});

export default defineConfig({
  test: {
    sequence: { sequencer: ByName },
    projects: [
      { test: { name: "unit", include: ["test/unit/**/*.test.ts"] } },
      endToEnd("e2e"),
      endToEnd("e2e-parts"),
    ],
  },
});
