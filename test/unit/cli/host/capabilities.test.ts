import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execaSync } from "execa";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { missingCapabilities, runtimeWrapper } from "../../../../cli/host/capabilities.ts";

describe("missingCapabilities", () => {
  test.each([
    ["CapBnd:\t000001ffffffffff\n", 40, []],
    ["Name:\tsh\nCapBnd:\t000001fffeffffff\nCapAmb:\t0\n", 40, ["CAP_SYS_RESOURCE"]],
    ["CapBnd:\t000001fffedfffff\n", 40, ["CAP_SYS_ADMIN", "CAP_SYS_RESOURCE"]],
    ["CapBnd:\t0000003fffffffff\n", 37, []],
    ["no such line\n", 40, []],
  ])("reads %j of a kernel with %i", (status, last, missing) => {
    expect(missingCapabilities(status, last)).toEqual(missing);
  });
});

// The engine's machine gets jq together with the wrapper; a machine that only runs the tests may not.
const hasJq = execaSync("jq", ["--version"], { reject: false }).exitCode === 0;

describe.skipIf(!hasJq)("runtimeWrapper", () => {
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "wrapper-"));
    writeFileSync(join(folder, "wrapper"), runtimeWrapper(["CAP_SYS_RESOURCE"]));
    // Stands in for runc: says what it was asked to do.
    writeFileSync(join(folder, "runc"), '#!/bin/sh\necho "$@"\n');
    chmodSync(join(folder, "wrapper"), 0o755);
    chmodSync(join(folder, "runc"), 0o755);
  });

  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  const run = (...args: string[]): string =>
    execaSync(join(folder, "wrapper"), args, {
      env: { PATH: `${folder}:${process.env["PATH"] ?? ""}` },
    }).stdout;

  test.each([["--bundle"], ["-b"]])("strips the configuration of a create with %s", (flag) => {
    const config = join(folder, "config.json");
    const capabilities = { bounding: ["CAP_CHOWN", "CAP_SYS_RESOURCE"], ambient: null };
    writeFileSync(config, JSON.stringify({ root: {}, process: { args: ["x"], capabilities } }));

    expect(run("--log", "l", "create", flag, folder, "id")).toBe(
      `--log l create ${flag} ${folder} id`,
    );
    expect(JSON.parse(readFileSync(config, "utf8"))).toEqual({
      root: {},
      process: { args: ["x"], capabilities: { bounding: ["CAP_CHOWN"], ambient: [] } },
    });
  });

  test("strips the process of an exec", () => {
    const file = join(folder, "process.json");
    writeFileSync(file, JSON.stringify({ capabilities: { effective: ["CAP_SYS_RESOURCE"] } }));

    run("exec", `--process=${file}`, "id");
    expect(JSON.parse(readFileSync(file, "utf8"))).toEqual({ capabilities: { effective: [] } });
  });

  test("passes other calls on as they are", () => {
    expect(run("state", "id")).toBe("state id");
  });

  test("leaves a file alone that it cannot read as JSON, for runc to complain about", () => {
    writeFileSync(join(folder, "config.json"), "{");
    expect(run("create", "--bundle", folder, "id")).toContain("create");
    expect(readFileSync(join(folder, "config.json"), "utf8")).toBe("{");
  });
});
