import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { buildHash, type GoBuild, isAtLeast } from "../../../../cli/build/go.ts";

test.each([
  ["go1.26.6", "1.26", true],
  ["go1.26", "1.26.3", false],
  ["go1.26.3", "1.26.3", true],
  ["go1.27rc1", "1.26.3", true],
  ["go2.0", "1.26", true],
  ["go1.25.9", "1.26", false],
  ["go1.9", "1.26", false],
  ["", "1.26", false],
])("isAtLeast(%j, %j) is %s", (version, minimum, answer) => {
  expect(isAtLeast(version, minimum)).toBe(answer);
});

describe("buildHash", () => {
  let build: GoBuild;

  beforeEach(() => {
    const moduleDir = mkdtempSync(join(tmpdir(), "module-"));
    mkdirSync(join(moduleDir, "sub"));
    writeFileSync(join(moduleDir, "go.mod"), "module m\n");
    writeFileSync(join(moduleDir, "sub", "a.go"), "package a\n");
    build = { name: "m", moduleDir, package: ".", output: "m" };
  });

  afterEach(() => {
    rmSync(build.moduleDir, { recursive: true });
  });

  test("is short, stable, and no matter of name or place", async () => {
    const hash = await buildHash(build, "go1.26.6");
    expect(hash).toMatch(/^[0-9a-f]{12}$/);
    expect(await buildHash({ ...build, name: "other" }, "go1.26.6")).toBe(hash);
  });

  test.each<[string, (build: GoBuild) => GoBuild]>([
    ["the linker's arguments", (one) => ({ ...one, ldflags: "-X a=b" })],
    ["the tags", (one) => ({ ...one, tags: ["netgo"] })],
    ["the environment", (one) => ({ ...one, env: { GOEXPERIMENT: "x" } })],
    ["the package", (one) => ({ ...one, package: "./sub" })],
    [
      "a file's content",
      (one) => {
        writeFileSync(join(one.moduleDir, "sub", "a.go"), "package b\n");
        return one;
      },
    ],
    [
      "a file's name",
      (one) => {
        writeFileSync(join(one.moduleDir, "sub", "b.go"), "");
        return one;
      },
    ],
  ])("changes with %s", async (_what, change) => {
    const before = await buildHash(build, "go1.26.6");
    expect(await buildHash(change(build), "go1.26.6")).not.toBe(before);
  });

  test("changes with the toolchain", async () => {
    expect(await buildHash(build, "go1.26.7")).not.toBe(await buildHash(build, "go1.26.6"));
  });

  test("does not change with a module nested in the folder", async () => {
    const before = await buildHash(build, "go1.26.6");
    mkdirSync(join(build.moduleDir, "nested"));
    writeFileSync(join(build.moduleDir, "nested", "go.mod"), "module n\n");
    expect(await buildHash(build, "go1.26.6")).toBe(before);
  });
});
