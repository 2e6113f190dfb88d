import { beforeEach, describe, expect, it, vi } from "vitest";

import type { UserError } from "../../../../cli/errors.ts";

/** A Docker engine that remembers what it was asked to do. */
const engine = vi.hoisted(() => ({ asked: [] as string[], isRefused: false, digests: "" }));

vi.mock("../../../../cli/host/docker.ts", () => ({
  docker: (args: string[]) => {
    engine.asked.push(args.join(" "));
    return Promise.resolve(args[0] === "image" ? engine.digests : "");
  },
  dockerLogged: (args: string[]) => {
    engine.asked.push(args.join(" "));
    return engine.isRefused ? Promise.reject(new Error("denied")) : Promise.resolve();
  },
}));

const { parseRegistry, pushedRef, pushImage } = await import("../../../../cli/images/push.ts");

const ref = "localhost/lakehouse/kafka:0123456789ab";
const registry = "ghcr.io/acme/lake_house";
const target = `${registry}/kafka:0123456789ab`;

beforeEach(() => {
  Object.assign(engine, { asked: [], isRefused: false, digests: "" });
});

describe("a registry", () => {
  it.each([
    ["ghcr.io/acme/lake_house", "ghcr.io/acme/lake_house"],
    ["localhost:5000", "localhost:5000"],
    ["localhost/team", "localhost/team"],
    ["registry:5000/a/b", "registry:5000/a/b"],
    ["123.dkr.ecr.eu-central-1.amazonaws.com/", "123.dkr.ecr.eu-central-1.amazonaws.com"],
  ])("%s is one", (text, expected) => {
    expect(parseRegistry(text)).toBe(expected);
  });

  it.each([
    "acme/lakehouse",
    "https://ghcr.io/acme",
    "ghcr.io/Acme",
    "ghcr.io//a",
    "",
    "ghcr.io/a:1",
  ])("%j is none", (text) => {
    expect(() => parseRegistry(text)).toThrow("is not a registry to push to");
  });
});

describe("pushing an image", () => {
  it("keeps its name and hash", () => {
    expect(pushedRef(ref, "localhost:5000")).toBe("localhost:5000/kafka:0123456789ab");
  });

  it("tells the digest in that registry, and leaves no second name behind", async () => {
    engine.digests = `localhost:5000/kafka@sha256:other\n${registry}/kafka@sha256:abc\n`;
    expect(await pushImage(ref, registry, () => undefined)).toBe(`${target}@sha256:abc`);
    expect(engine.asked).toEqual([
      `tag ${ref} ${target}`,
      `push ${target}`,
      `image inspect --format {{range .RepoDigests}}{{println .}}{{end}} ${target}`,
      `rmi ${target}`,
    ]);
  });

  it("leaves no second name behind either when it is refused", async () => {
    engine.isRefused = true;
    const failure = pushImage(ref, registry, () => undefined).catch((error: unknown) => error);
    expect((await failure) as UserError).toMatchObject({ message: "denied" });
    expect(engine.asked.at(-1)).toBe(`rmi ${target}`);
  });
});
