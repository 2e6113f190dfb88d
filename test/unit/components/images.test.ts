import { readFileSync } from "node:fs";
import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { beforeEach, describe, expect, it } from "vitest";

import { imageReference, readImages } from "../../../components/images.ts";
import { upstreamImages } from "../../../components/versions.ts";
import { testImages } from "../../support/images.ts";

const built = { areUpstream: false, registry: undefined, references: {} };
const digest = `@sha256:${"0123456789abcdef".repeat(4)}`;

describe("image references", () => {
  let file: string;

  beforeEach(async () => {
    file = join(await mkdtemp(join(tmpdir(), "images-")), "images.json");
  });

  const writeBuilt = (change: object = {}) =>
    writeFile(file, JSON.stringify({ ...testImages, ...change }));

  it("are read as they were written", async () => {
    await writeBuilt({ spark: "localhost/lakehouse/spark:1" });
    await expect(readImages(built, file)).resolves.toEqual(testImages);
  });

  it("are the projects' own where the stack wants them and they can be started", async () => {
    await writeBuilt();
    await expect(readImages({ ...built, areUpstream: true }, file)).resolves.toEqual({
      ...testImages,
      ...upstreamImages,
    });
  });

  it("are what the stack names itself, before all others", async () => {
    await writeBuilt();
    const references = { kafka: `mirror.acme/kafka:4.1.2${digest}`, apps: "ghcr.io/acme/apps:1" };
    await expect(readImages({ ...built, areUpstream: true, references }, file)).resolves.toEqual({
      ...testImages,
      ...upstreamImages,
      ...references,
    });
  });

  it("are where they were pushed to", async () => {
    await writeBuilt();
    const { apps, ...others } = await readImages({ ...built, registry: "ghcr.io/acme" }, file);
    expect(apps).toBe(testImages.apps.replace(/^.*\//, "ghcr.io/acme/"));
    expect(others["spark-operator-chart"]).toBe(testImages["spark-operator-chart"]);
  });

  it("need nothing that was built here, not even the operator's chart", async () => {
    const named = Object.entries(testImages).filter(([name]) => name !== "spark-operator-chart");
    const references = Object.fromEntries(named) as Record<string, string>;
    await expect(readImages({ ...built, references }, file)).resolves.toEqual(references);
  });

  it("are asked for by name with the cure when there are none", async () => {
    await expect(readImages({ ...built, areUpstream: true }, file)).rejects.toThrow(
      /for minio, streaming, [^]*apps\. Either run `npm run up`[^]*npm run images -- --push/,
    );
  });

  it.each([
    ["is missing", { kafka: undefined }],
    ["has no tag", { kafka: "localhost/lakehouse/kafka" }],
    ["floats", { kafka: "localhost/lakehouse/kafka:latest" }],
  ])("are refused when one %s", async (_, change) => {
    await writeBuilt(change);
    await expect(readImages(built, file)).rejects.toThrow(/no references with a tag, for kafka\./);
  });

  it.each([
    ["localhost:5000/kafka:1", true],
    [`ghcr.io/acme/kafka:1${digest}`, true],
    [`ghcr.io/acme/kafka${digest}`, false],
    ["localhost:5000/kafka", false],
    [`ghcr.io/acme/kafka:latest${digest}`, false],
    ["ghcr.io/acme/kafka:1@sha256:12", false],
  ])("such as %s: %s", (reference, isRight) => {
    expect(imageReference.safeParse(reference).success).toBe(isRight);
  });
});

describe("the projects' own images", () => {
  it("are pinned by a tag that does not float", () => {
    for (const reference of Object.values(upstreamImages)) {
      expect(imageReference.safeParse(reference).success, reference).toBe(true);
    }
  });

  it("of Kafka and Nessie are of the versions that are built", () => {
    for (const name of ["kafka", "nessie"] as const) {
      const containerfile = readFileSync(`images/${name}/Containerfile`, "utf8");
      const [, version] = /image\.version="([^"]*)"/.exec(containerfile) ?? [];
      expect(upstreamImages[name]).toMatch(new RegExp(`:${version ?? ""}$`));
    }
  });
});
