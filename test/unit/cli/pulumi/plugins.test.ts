import { mkdir, mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import kafka from "@pulumi/kafka/package.json" with { type: "json" };
import { beforeEach, describe, expect, it } from "vitest";

import { pluginsOption } from "../../../../cli/options.ts";
import { areInstalled } from "../../../../cli/pulumi/plugins.ts";

describe("the official plugins", () => {
  let home: string;
  let bin: string;

  beforeEach(async () => {
    home = await mkdtemp(join(tmpdir(), "plugins-"));
    bin = join(home, "bin");
    await mkdir(bin);
  });

  const isFound = () => areInstalled({ PULUMI_HOME: home, PATH: `/nowhere::${bin}` });
  const putOnPath = (names: readonly string[]) =>
    Promise.all(names.map((name) => writeFile(join(bin, `pulumi-resource-${name}`), "")));

  it("are there when each is on PATH or where Pulumi installs it", async () => {
    expect(isFound()).toBe(false);
    await putOnPath(["kubernetes", "minio", "postgresql", "random"]);
    expect(isFound()).toBe(false);
    await mkdir(join(home, "plugins", `resource-kafka-v${kafka.version}`), { recursive: true });
    expect(isFound()).toBe(true);
  });

  it("are not there in another version", async () => {
    await putOnPath(["kubernetes", "minio", "postgresql", "random"]);
    await mkdir(join(home, "plugins", "resource-kafka-v0.0.1"), { recursive: true });
    expect(isFound()).toBe(false);
  });
});

describe("--plugins", () => {
  it("is auto, official or standin", () => {
    const option = pluginsOption();
    expect(option.defaultValue).toBe("auto");
    expect(option.argChoices).toEqual(["auto", "official", "standin"]);
  });
});
