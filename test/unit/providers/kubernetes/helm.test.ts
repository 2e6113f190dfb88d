import { cp, mkdtemp, rm, writeFile, mkdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  chartDigest,
  mergedValues,
  upgradeArguments,
  writeArguments,
} from "../../../../providers/kubernetes/helm/inputs.ts";
import { resourceNames } from "../../../../providers/kubernetes/helm/state.ts";
import { Asset } from "../../../../providers/runtime/values.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "chart-"));
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

test("values of files are merged in order, and the program's win", async () => {
  await writeFile(join(folder, "a.yaml"), "image: {tag: '1', pullPolicy: Never}\nlist: [1, 2]\n");
  const values = await mergedValues({
    chart: "x",
    valueYamlFiles: [
      new Asset({ path: join(folder, "a.yaml") }),
      new Asset({ text: "list: [3]\nextra: true" }),
    ],
    values: { image: { tag: "2" } },
  });
  expect(values).toEqual({
    image: { tag: "2", pullPolicy: "Never" },
    list: [3],
    extra: true,
  });
});

describe("the digest of a chart", () => {
  test("changes with its files, not with its place", async () => {
    const [here, there] = [join(folder, "here"), join(folder, "there")];
    await mkdir(join(here, "templates"), { recursive: true });
    await writeFile(join(here, "Chart.yaml"), "name: a");
    await writeFile(join(here, "templates", "x.yaml"), "kind: X");
    await cp(here, there, { recursive: true });
    const digest = await chartDigest(here);
    expect(digest).toMatch(/^[0-9a-f]{64}$/);
    expect(await chartDigest(there)).toBe(digest);
    await writeFile(join(there, "templates", "x.yaml"), "kind: Y");
    expect(await chartDigest(there)).not.toBe(digest);
  });

  test("a remote chart has none", async () => {
    expect(await chartDigest("oci://example.com/chart")).toBeUndefined();
  });
});

test("values never stand on the command line", () => {
  const inputs = {
    chart: "x",
    version: "1.2.3",
    values: { password: "hunter2" },
    createNamespace: true,
    repositoryOpts: { repo: "https://charts.example.com" },
    timeout: 60,
  };
  expect(writeArguments(inputs)).toEqual([
    ...["--repo", "https://charts.example.com", "--version", "1.2.3"],
    ...["--values", "-", "--output", "json", "--wait", "--timeout", "60s", "--create-namespace"],
  ]);
  expect(writeArguments({ chart: "x", skipAwait: true })).toEqual([
    ...["--values", "-", "--output", "json", "--timeout", "300s"],
  ]);
  expect(upgradeArguments({ chart: "x", cleanupOnFail: true, maxHistory: 3 })).toEqual([
    ...["--reset-values", "--cleanup-on-fail", "--history-max", "3"],
  ]);
});

test("objects of a release are named by kind", () => {
  const manifest = [
    "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a, namespace: n}",
    "apiVersion: v1\nkind: Secret\nmetadata: {name: b}",
    "# nothing but a comment",
    "apiVersion: v1\nkind: Secret\nmetadata: {name: c}",
  ].join("\n---\n");
  expect(resourceNames(manifest)).toEqual({
    "Deployment.apps/apps/v1": ["n/a"],
    "Secret/v1": ["b", "c"],
  });
});
