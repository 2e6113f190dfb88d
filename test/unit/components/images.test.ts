import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { beforeEach, describe, expect, it } from "vitest";

import { readImages } from "../../../components/images.ts";
import { testImages } from "../../support/images.ts";

describe("image references", () => {
  let file: string;

  beforeEach(async () => {
    file = join(await mkdtemp(join(tmpdir(), "images-")), "images.json");
  });

  it("are read as they were written", async () => {
    await writeFile(file, JSON.stringify({ ...testImages, spark: "localhost/lakehouse/spark:1" }));
    await expect(readImages(file)).resolves.toEqual(testImages);
  });

  it("are asked for with the cure when nothing was built", async () => {
    await expect(readImages(file)).rejects.toThrow(/no images yet .* Run `npm run up`/);
  });

  it.each([
    ["is missing", { kafka: undefined }],
    ["has no tag", { kafka: "localhost/lakehouse/kafka" }],
    ["floats", { kafka: "localhost/lakehouse/kafka:latest" }],
  ])("are refused when one %s", async (_, change) => {
    await writeFile(file, JSON.stringify({ ...testImages, ...change }));
    await expect(readImages(file)).rejects.toThrow(/is incomplete[^]*at kafka/);
  });
});
