import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

const paths = vi.hoisted(() => ({ cacheDir: "" }));
vi.mock("../../../../cli/host/paths.ts", () => paths);

const { stored } = await import("../../../../cli/build/store.ts");

beforeEach(async () => {
  paths.cacheDir = await mkdtemp(join(tmpdir(), "store-"));
});

afterEach(() => rm(paths.cacheDir, { recursive: true }));

describe("stored", () => {
  it("makes a folder once, also when asked twice at the same time", async () => {
    const make = vi.fn((folder: string) => writeFile(join(folder, "file"), "content"));
    const entry = { name: "thing", madeFrom: ["x"] };
    const [first, second] = await Promise.all([stored(entry, make), stored(entry, make)]);
    expect(second).toBe(first);
    expect(make).toHaveBeenCalledTimes(1);
    expect(await readFile(join(first, "file"), "utf8")).toBe("content");
  });

  it("gives another path to what is made from other things", async () => {
    const make = (): Promise<void> => Promise.resolve();
    const first = await stored({ name: "thing", madeFrom: ["x"] }, make);
    expect(await stored({ name: "thing", madeFrom: ["y"] }, make)).not.toBe(first);
  });

  it("makes a folder again, from nothing, after a failure", async () => {
    const entry = { name: "thing", madeFrom: ["x"] };
    const failing = stored(entry, async (folder) => {
      await writeFile(join(folder, "half"), "");
      throw new Error("cut short");
    });
    await expect(failing).rejects.toThrow("cut short");
    const folder = await stored(entry, (target) => writeFile(join(target, "whole"), ""));
    expect(existsSync(join(folder, "half"))).toBe(false);
    expect(existsSync(join(folder, "whole"))).toBe(true);
  });
});
