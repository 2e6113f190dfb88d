import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it, vi } from "vitest";

const state = vi.hoisted(() => ({ cacheDir: "", stateDir: "", root: "" }));
vi.mock("../../../../cli/host/paths.ts", () => state);

const { writeNpmSbom, writeSbom } = await import("../../../../cli/images/sbom.ts");
const silent = (): void => undefined;
const path = process.env["PATH"];

/** A syft that notes its command line, and writes it as its answer too unless it is to fail. */
const syft = `#!/bin/sh
if [ "$1" = --version ]; then echo "syft 1.52.0"; exit; fi
case "$2" in docker:missing*) echo "no such image"; exit 1 ;; esac
echo "$*" > "\${4#cyclonedx-json=}"
`;

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "sbom-"));
  await mkdir(join(folder, "bin"));
  await writeFile(join(folder, "bin", "syft"), syft);
  await chmod(join(folder, "bin", "syft"), 0o755);
  process.env["PATH"] = `${join(folder, "bin")}:${path ?? ""}`;
  state.cacheDir = join(folder, "cache");
  state.root = process.cwd();
});

afterAll(async () => {
  process.env["PATH"] = path;
  await rm(folder, { recursive: true });
});

it("an image's list is written by syft, whole or not at all", async () => {
  const lists = join(folder, "lists");
  const file = await writeSbom("kafka", "localhost/lakehouse/kafka:1", lists, silent);
  expect(file).toBe(join(lists, "kafka.cdx.json"));
  expect(await readFile(file, "utf8")).toBe(
    `scan docker:localhost/lakehouse/kafka:1 --output cyclonedx-json=${file}.partial\n`,
  );
  await expect(writeSbom("query", "missing:1", lists, silent)).rejects.toMatchObject({
    message: expect.stringContaining("Listing what is in missing:1 failed") as string,
    log: "no such image",
  });
  expect(await readdir(lists)).toEqual(["kafka.cdx.json"]);
});

it("what the Node programs are made of is npm's own list, without what is for development", async () => {
  const file = await writeNpmSbom(join(folder, "npm"));
  const { bomFormat, components } = JSON.parse(await readFile(file, "utf8")) as {
    bomFormat: string;
    components: { name: string; licenses: { license: { id: string } }[] }[];
  };
  expect(bomFormat).toBe("CycloneDX");
  const licences = new Map(components.map(({ name, licenses }) => [name, licenses]));
  expect(licences.get("kafkajs")).toEqual([{ license: { id: "MIT" } }]);
  expect(licences.get("eslint")).toBeUndefined();
}, 60_000);
