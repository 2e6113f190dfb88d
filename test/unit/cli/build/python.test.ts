import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { readRequirements, wheelPlatforms } from "../../../../cli/build/python.ts";

describe("wheelPlatforms", () => {
  it("names every glibc up to the image's, the newest first, and the old name of 2.17", () => {
    const platforms = wheelPlatforms(41, "x64");
    expect(platforms[0]).toBe("manylinux_2_41_x86_64");
    expect(platforms).toContain("manylinux_2_28_x86_64");
    expect(platforms.slice(-2)).toEqual(["manylinux_2_17_x86_64", "manylinux2014_x86_64"]);
    expect(platforms).toHaveLength(26);
  });

  it("uses Python's name of the architecture", () => {
    expect(wheelPlatforms(41, "arm64")[0]).toBe("manylinux_2_41_aarch64");
  });
});

describe("readRequirements", () => {
  it("follows includes relative to the file that has them", async () => {
    const folder = await mkdtemp(join(tmpdir(), "requirements-"));
    await mkdir(join(folder, "app"));
    await writeFile(join(folder, "all.txt"), "-r app/requirements.txt\npytest==1\n");
    await writeFile(join(folder, "app", "requirements.txt"), "-r more.txt\n");
    await writeFile(join(folder, "app", "more.txt"), "duckdb==2\n");
    const text = await readRequirements(join(folder, "all.txt"));
    await rm(folder, { recursive: true });
    expect(text).toContain("pytest==1");
    expect(text).toContain("duckdb==2");
  });
});
