import { chmod, mkdir, mkdtemp, readFile, rm, stat, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { copyFiles, filesBelow, hashOf, hashOfFolder } from "../../../../cli/build/content.ts";

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "content-"));
  await mkdir(join(folder, "b", "tests"), { recursive: true });
  await writeFile(join(folder, "b", "two.py"), "2");
  await writeFile(join(folder, "b", "tests", "test_two.py"), "t");
  await writeFile(join(folder, "a.sh"), "1");
});

afterEach(() => rm(folder, { recursive: true }));

describe("hashOf", () => {
  it("is stable and short", () => {
    expect(hashOf("a", "b")).toBe("0473ef2dc0d3");
  });

  it("minds where one text ends and the next begins", () => {
    expect(hashOf("ab", "c")).not.toBe(hashOf("a", "bc"));
  });
});

describe("filesBelow", () => {
  it("lists files of all levels in a stable order", async () => {
    expect(await filesBelow(folder)).toEqual(["a.sh", "b/tests/test_two.py", "b/two.py"]);
  });

  it("leaves out what matches, folders with all that is in them", async () => {
    expect(await filesBelow(folder, /(^|\/)tests$/)).toEqual(["a.sh", "b/two.py"]);
  });
});

describe("hashOfFolder", () => {
  it("does not mind times", async () => {
    const before = await hashOfFolder(folder);
    await utimes(join(folder, "a.sh"), 1, 1);
    expect(await hashOfFolder(folder)).toBe(before);
  });

  it("minds contents, names and run bits", async () => {
    const hashes = [await hashOfFolder(folder)];
    await chmod(join(folder, "a.sh"), 0o755);
    hashes.push(await hashOfFolder(folder));
    await writeFile(join(folder, "a.sh"), "3");
    hashes.push(await hashOfFolder(folder));
    await writeFile(join(folder, "c"), "");
    hashes.push(await hashOfFolder(folder));
    expect(new Set(hashes).size).toBe(4);
  });

  it("does not mind what is left out", async () => {
    const before = await hashOfFolder(folder, /(^|\/)tests$/);
    await writeFile(join(folder, "b", "tests", "test_two.py"), "changed");
    expect(await hashOfFolder(folder, /(^|\/)tests$/)).toBe(before);
  });
});

describe("copyFiles", () => {
  it("makes read-only files writable and keeps run bits", async () => {
    await chmod(join(folder, "a.sh"), 0o555);
    await chmod(join(folder, "b", "two.py"), 0o400);
    const copy = join(folder, "copy");
    await copyFiles(folder, copy, /^copy$/);
    expect((await stat(join(copy, "a.sh"))).mode & 0o777).toBe(0o755);
    expect((await stat(join(copy, "b", "two.py"))).mode & 0o777).toBe(0o644);
    expect(await filesBelow(copy)).toEqual(["a.sh", "b/tests/test_two.py", "b/two.py"]);
  });

  it("copies a single file to a path whose folder does not exist yet", async () => {
    await copyFiles(join(folder, "a.sh"), join(folder, "x", "y"));
    expect(await readFile(join(folder, "x", "y"), "utf8")).toBe("1");
  });
});
