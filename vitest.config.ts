import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
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
