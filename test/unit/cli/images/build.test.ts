import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { filesBelow } from "../../../../cli/build/content.ts";

/** A Docker engine that remembers what it was asked to build, and a repository with three images. */
const fake = vi.hoisted(() => ({
  folder: "",
  existing: new Set<string>(),
  builds: [] as { name: string; ref: string; base: string; files: string[] }[],
  failing: "",
}));

const state = vi.hoisted(() => ({ cacheDir: "", stateDir: "", root: "" }));
vi.mock("../../../../cli/host/paths.ts", () => state);

vi.mock("../../../../cli/build/base.ts", () => ({
  ensureBase: (suite: string) => Promise.resolve(`localhost/lakehouse/base:${suite}-1`),
}));

vi.mock("../../../../cli/host/docker.ts", () => ({
  imageExists: (ref: string) => Promise.resolve(fake.existing.has(ref)),
  dockerLogged: async (args: string[]) => {
    const ref = args[args.indexOf("--tag") + 1] ?? "";
    const name = /lakehouse\/(.*):/.exec(ref)?.[1] ?? "";
    if (name === fake.failing) throw new Error(`Building the image ${name} failed`);
    const base = args[args.indexOf("--build-arg") + 1]?.replace("BASE=", "") ?? "";
    fake.builds.push({ name, ref, base, files: await filesBelow(args.at(-1) ?? "") });
    fake.existing.add(ref);
  },
}));

vi.mock("../../../../cli/images/operator-chart.ts", () => ({
  operatorChart: () => Promise.resolve("/cache/chart"),
}));

vi.mock("../../../../cli/images/table.ts", () => ({
  imageFolder: (name: string) => join(fake.folder, "images", name),
  images: {
    child: { from: { image: "parent" } },
    parent: {
      from: { suite: "trixie" },
      inputs: {
        "bin/program": () => Promise.resolve(join(state.cacheDir, "go", "program-1", "program")),
        jars: () => Promise.resolve(join(state.cacheDir, "inputs", "jars-1")),
      },
    },
    single: { from: { suite: "bookworm" } },
  },
}));

const { buildImages } = await import("../../../../cli/images/build.ts");
const silent = (): void => undefined;
const write = async (path: string, text: string): Promise<void> => {
  await mkdir(join(path, ".."), { recursive: true });
  await writeFile(path, text);
};

beforeEach(async () => {
  fake.folder = await mkdtemp(join(tmpdir(), "images-"));
  fake.existing.clear();
  fake.builds.length = 0;
  fake.failing = "";
  state.cacheDir = join(fake.folder, "cache");
  state.stateDir = join(fake.folder, "state");
  for (const name of ["child", "parent", "single"]) {
    await write(join(fake.folder, "images", name, "Containerfile"), "ARG BASE\nFROM ${BASE}\n");
  }
  await write(join(state.cacheDir, "go", "program-1", "program"), "binary");
  await write(join(state.cacheDir, "inputs", "jars-1", "a.jar"), "jar");
});

afterEach(() => rm(fake.folder, { recursive: true }));

describe("buildImages", () => {
  it("builds a parent before its child, which is built upon it", async () => {
    const refs = await buildImages({}, silent);
    const order = fake.builds.map(({ name }) => name);
    expect(order.indexOf("parent")).toBeLessThan(order.indexOf("child"));
    const baseOf = Object.fromEntries(fake.builds.map(({ name, base }) => [name, base]));
    expect(baseOf).toEqual({
      parent: "localhost/lakehouse/base:trixie-1",
      child: refs["parent"],
      single: "localhost/lakehouse/base:bookworm-1",
    });
  });

  it("lays the inputs into the context under their names, and removes it afterwards", async () => {
    await buildImages({}, silent);
    const parent = fake.builds.find(({ name }) => name === "parent");
    expect(parent?.files).toEqual(["Containerfile", "bin/program", "jars/a.jar"]);
    const left = await readdir(state.cacheDir);
    expect(left.filter((name) => name.startsWith("context-"))).toEqual([]);
  });

  it("builds nothing when nothing changed", async () => {
    const first = await buildImages({}, silent);
    fake.builds.length = 0;
    expect(await buildImages({}, silent)).toEqual(first);
    expect(fake.builds).toEqual([]);
  });

  it("builds what changed and what is built upon it, and nothing else", async () => {
    const first = await buildImages({}, silent);
    fake.builds.length = 0;
    await write(join(fake.folder, "images", "parent", "entrypoint.sh"), "#!/bin/sh\n");
    const second = await buildImages({}, silent);
    expect(fake.builds.map(({ name }) => name)).toEqual(["parent", "child"]);
    expect(second["single"]).toBe(first["single"]);
    expect(second["child"]).not.toBe(first["child"]);
  });

  it("builds again what the engine has lost", async () => {
    const refs = await buildImages({}, silent);
    fake.builds.length = 0;
    fake.existing.delete(refs["single"] ?? "");
    await buildImages({}, silent);
    expect(fake.builds.map(({ ref }) => ref)).toEqual([refs["single"]]);
  });

  it("gives the same references wherever the cache is", async () => {
    const first = await buildImages({}, silent);
    const moved = join(fake.folder, "moved");
    await write(join(moved, "go", "program-1", "program"), "binary");
    await write(join(moved, "inputs", "jars-1", "a.jar"), "jar");
    state.cacheDir = moved;
    expect(await buildImages({}, silent)).toEqual(first);
  });

  it("keeps the references of images that were not asked for", async () => {
    const all = await buildImages({}, silent);
    await buildImages({ names: ["single" as never] }, silent);
    const file = await readFile(join(state.stateDir, "images.json"), "utf8");
    expect(JSON.parse(file)).toEqual(all);
  });

  it("names the chart that goes with the operator", async () => {
    expect((await buildImages({}, silent))["spark-operator-chart"]).toBe("/cache/chart");
  });

  it("fails with the build that failed, and leaves no references to half of the images", async () => {
    fake.failing = "parent";
    await expect(buildImages({}, silent)).rejects.toThrow("Building the image parent failed");
    expect(existsSync(join(state.stateDir, "images.json"))).toBe(false);
  });
});
