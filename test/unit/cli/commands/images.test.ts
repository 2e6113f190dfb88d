import { expect, it } from "vitest";
import { parse } from "yaml";

import { references } from "../../../../cli/commands/images.ts";

it("tells what makes a cluster pull the images that were pushed", () => {
  const pushed = `ghcr.io/acme/lakehouse/apps:0123@sha256:${"0".repeat(64)}`;
  const text = references("cloud", [
    { name: "apps", pushed },
    { name: "kafka", pushed: "ghcr.io/acme/lakehouse/kafka:4567" },
  ]);
  const [, head, ...config] = text.split("\n");
  expect(head).toContain("Pulumi.cloud.yaml");
  expect(parse(config.join("\n"))).toEqual({
    "lakehouse:imageReferences": { apps: pushed, kafka: "ghcr.io/acme/lakehouse/kafka:4567" },
  });
});

it("tells nothing when nothing was pushed", () => {
  expect(references("dev", [{ name: "apps" }])).toBe("");
});
