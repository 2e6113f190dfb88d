import { expect, test } from "vitest";
import { deployedStacks, removals } from "../../../../cli/cluster/others.ts";
import { root } from "../../../../cli/host/paths.ts";

test("the stacks of a clone are those whose deployment it has noted down", () => {
  const files = ["deployment-dev.json", "deployment-my.json.json", "images.json", "state"];
  expect(deployedStacks(files)).toEqual(["dev", "my.json"]);
});

test("each other stack is named once, with the command that removes it", () => {
  const clusters = [
    { name: "lakehouse-test", clone: root },
    { name: "lakehouse-dev", clone: "/other" },
    { name: "lakehouse-old", clone: undefined },
  ];
  expect(removals(clusters, ["test", "cloud"])).toEqual([
    "cluster lakehouse-test: npm run down -- --stack test",
    "cluster lakehouse-dev of another clone: cd /other && npm run down -- --stack dev",
    "cluster lakehouse-old: npm run down -- --stack old",
    "stack cloud: npm run down -- --stack cloud",
  ]);
});
