import { existsSync } from "node:fs";
import {
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  realpath,
  rm,
  symlink,
  utimes,
  writeFile,
} from "node:fs/promises";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";

const paths = vi.hoisted(() => ({ cacheDir: "", stateDir: "", root: "/no/such/clone" }));
vi.mock("../../../../cli/host/paths.ts", async (original) => {
  const { cacheFolder } = await original<{ cacheFolder: unknown }>();
  return Object.assign(paths, { cacheFolder });
});

const { claimCache, isOwnEntry, purgeCache } = await import("../../../../cli/host/cache.ts");
const { cacheFolder } = await import("../../../../cli/host/paths.ts");
const { withLock } = await import("../../../../cli/host/lock.ts");
const { pruneCache } = await import("../../../../cli/build/prune.ts");
const { stored } = await import("../../../../cli/build/store.ts");

// Programs are started and many files are read, which takes its time on a busy machine.
vi.setConfig({ testTimeout: 30_000, hookTimeout: 30_000 });

let folder: string;
beforeEach(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), "cache-")));
  paths.root = join(folder, "clone");
  await mkdir(paths.root);
  paths.cacheDir = join(folder, "cache");
});
afterEach(() => rm(folder, { recursive: true }));

test.each([
  [{ LAKEHOUSE_CACHE: "/mnt/cache" }, "/mnt/cache"],
  [{ LAKEHOUSE_CACHE: "cache", LAKEHOUSE_CALLER_DIRECTORY: "/home/a" }, "/home/a/cache"],
  [{ LAKEHOUSE_CACHE: "", XDG_CACHE_HOME: "/xdg" }, "/xdg/realtime-lakehouse"],
  [{ XDG_CACHE_HOME: "relative" }, join(homedir(), ".cache/realtime-lakehouse")],
  [{}, join(homedir(), ".cache/realtime-lakehouse")],
])("with %j the cache is %s", (env, expected) => {
  expect(cacheFolder(env)).toBe(expected);
});

test("every folder that the commands make in the cache is known as theirs", async () => {
  const cli = join(import.meta.dirname, "../../../../cli");
  const files = (await readdir(cli, { recursive: true })).filter((file) => file.endsWith(".ts"));
  const sources = await Promise.all(files.map((file) => readFile(join(cli, file), "utf8")));
  const names = sources.flatMap((source) =>
    [...source.matchAll(/\(cacheDir, ["`]([^"`$]+)(\$\{[^}]*\})?([^"`$]*)/g)].map(
      ([, start = "", variable, end = ""]) =>
        variable === undefined ? start : `${start}${start === "go-" ? "1.26.6" : "x"}${end}`,
    ),
  );
  expect(new Set(names)).toContain("inputs");
  expect(names.filter((name) => !isOwnEntry(name))).toEqual([]);
});

describe("claimCache", () => {
  test("makes a folder, marks it, and takes it again", async () => {
    await claimCache();
    expect(await readdir(paths.cacheDir)).toEqual(["CACHEDIR.TAG"]);
    await writeFile(join(paths.cacheDir, "note"), "");
    await claimCache();
  });

  test("takes a cache of before the mark", async () => {
    await mkdir(join(paths.cacheDir, "inputs"), { recursive: true });
    await claimCache();
    expect(existsSync(join(paths.cacheDir, "CACHEDIR.TAG"))).toBe(true);
  });

  test("refuses a folder of somebody else's, and writes nothing there", async () => {
    await mkdir(join(paths.cacheDir, "photos"), { recursive: true });
    await expect(claimCache()).rejects.toThrow(/it holds other things \(photos\)/);
    expect(await readdir(paths.cacheDir)).toEqual(["photos"]);
  });

  test("refuses what is no folder", async () => {
    await writeFile(paths.cacheDir, "");
    await expect(claimCache()).rejects.toThrow(/cannot be written: EEXIST/);
  });
});

describe("a folder that must not be a cache", () => {
  test.each(["/", homedir(), join(homedir(), "..")])("%s", async (path) => {
    paths.cacheDir = path;
    await expect(claimCache()).rejects.toThrow(
      /cannot be the cache: .* is (in it|the same folder)/,
    );
    await expect(purgeCache()).rejects.toThrow(/cannot be the cache/);
  });

  test("that of the clone, also through a link", async () => {
    await symlink(folder, join(folder, "clone", "link"));
    paths.cacheDir = join(folder, "clone", "link");
    await expect(purgeCache()).rejects.toThrow(/clone is in it/);
    expect(existsSync(paths.root)).toBe(true);
  });
});

describe("purgeCache", () => {
  const fill = async (...names: string[]) => {
    for (const name of names) {
      await mkdir(join(paths.cacheDir, name), { recursive: true });
      await writeFile(join(paths.cacheDir, name, "file"), "");
    }
  };

  test("removes the folder if all in it is ours", async () => {
    await fill("go", "inputs", "go-1.26.6", "context-kafka-ab12");
    expect(await purgeCache()).toEqual([]);
    expect(existsSync(paths.cacheDir)).toBe(false);
    expect(await purgeCache()).toEqual([]);
  });

  test("leaves what somebody put into a cache of ours", async () => {
    await claimCache();
    await fill("inputs", "photos");
    expect(await purgeCache()).toEqual([join(paths.cacheDir, "photos")]);
    expect(await readdir(paths.cacheDir)).toEqual(["photos"]);
  });

  test("removes nothing from a folder that was never ours", async () => {
    await fill("logs", "photos");
    await expect(purgeCache()).rejects.toThrow(/it holds other things \(photos\)/);
    expect((await readdir(paths.cacheDir)).toSorted()).toEqual(["logs", "photos"]);
  });

  test("follows a link to the folder, and leaves the link", async () => {
    await mkdir(join(folder, "elsewhere"));
    await symlink(join(folder, "elsewhere"), paths.cacheDir);
    await claimCache();
    await fill("inputs");
    expect(await purgeCache()).toEqual([]);
    expect(await readdir(join(folder, "elsewhere"))).toEqual([]);
    expect(existsSync(paths.cacheDir)).toBe(true);
  });

  test("removes nothing while another command builds", async () => {
    await fill("inputs");
    await withLock(join(paths.cacheDir, "locks", "spark"), async () => {
      await expect(purgeCache()).rejects.toThrow(/Another command is at work on spark/);
    });
    expect(existsSync(join(paths.cacheDir, "inputs", "file"))).toBe(true);
  });
});

describe("pruneCache", () => {
  const ago = (days: number) => new Date(Date.now() - days * 24 * 3_600_000);
  const entry = async (path: string, days: number) => {
    await mkdir(join(paths.cacheDir, path), { recursive: true });
    await utimes(join(paths.cacheDir, path), ago(days), ago(days));
  };

  test("removes what nobody used for long and what killed runs left, and nothing else", async () => {
    await entry("inputs/spark-old", 31);
    await entry("inputs/spark-new", 29);
    await entry("inputs/jars.partial", 2);
    await entry("go/kind-old", 31);
    await entry("context-kafka-a", 2);
    await entry("context-kafka-b", 0);
    await entry("go-mod/module", 99);
    await entry("clusters", 99);
    expect(await pruneCache()).toBe(4);
    expect((await readdir(paths.cacheDir, { recursive: true })).toSorted()).toEqual([
      ...["clusters", "context-kafka-b", "go", "go-mod", "go-mod/module"],
      ...["inputs", "inputs/spark-new"],
    ]);
  });

  test("keeps an old entry that is used again", async () => {
    const wanted = { name: "thing", madeFrom: ["x"] };
    const make = () => Promise.resolve();
    const path = await stored(wanted, make);
    await utimes(path, ago(31), ago(31));
    await stored(wanted, make);
    expect(await pruneCache()).toBe(0);
  });

  test("has nothing to do without a cache", async () => {
    expect(await pruneCache()).toBe(0);
  });
});
