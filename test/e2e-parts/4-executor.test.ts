import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { mappedArchives } from "../support/class-archives.ts";
import { expectSurvival } from "../support/replays.ts";

describe("the stream on an executor of its own", () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "lakehouse-"));
  });
  afterAll(() => rm(folder, { recursive: true }));

  it("has its classes from the archive of its image", async () => {
    expect(await mappedArchives("Spark executor")).toBe("/opt/spark/classes.jsa");
  });

  it("loses and doubles nothing when the executor is killed in the middle of a replay", () =>
    expectSurvival("Spark executor", 2021, folder));
});
