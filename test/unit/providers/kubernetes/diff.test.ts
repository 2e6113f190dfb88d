import { describe, expect, test } from "vitest";
import { ApiError } from "../../../../providers/kubernetes/client.ts";
import type { Cluster } from "../../../../providers/kubernetes/cluster.ts";
import { compareInputs, judgeByDryRun } from "../../../../providers/kubernetes/diff.ts";
import type { KubernetesObject } from "../../../../providers/kubernetes/objects.ts";
import { mustDeleteFirst, replaceRulesOf } from "../../../../providers/kubernetes/replace-rules.ts";
import { withReplaceRules } from "../../../../providers/runtime/diff.ts";
import { formatPath } from "../../../../providers/runtime/values.ts";

function object(rest: object, kind = "v1/ConfigMap"): KubernetesObject {
  const slash = kind.lastIndexOf("/");
  return {
    apiVersion: kind.slice(0, slash),
    kind: kind.slice(slash + 1),
    metadata: { name: "a", namespace: "shop" },
    ...rest,
  };
}

const containers = (...list: object[]) => object({ spec: { containers: list } }, "v1/Pod");

describe("inputs are compared field by field", () => {
  test.each([
    ["nothing", object({ data: { a: "1" } }), object({ data: { a: "1" } }), []],
    [
      "one field",
      object({ spec: { replicas: 1, x: 1 } }),
      object({ spec: { replicas: 2, x: 1 } }),
      ["update spec.replicas"],
    ],
    [
      "a container added in front is one change",
      containers({ name: "main", image: "a" }),
      containers({ name: "sidecar", image: "s" }, { name: "main", image: "a" }),
      ["add spec.containers[0]"],
    ],
    [
      "a removed and a changed one",
      containers({ name: "x" }, { name: "main", image: "a" }),
      containers({ name: "main", image: "b" }),
      ["delete spec.containers[0]", "update spec.containers[0].image"],
    ],
    [
      "another order matters",
      containers({ name: "x" }, { name: "y" }),
      containers({ name: "y" }, { name: "x" }),
      ["update spec.containers"],
    ],
    [
      "the same secret as text and encoded is equal",
      object({ stringData: { a: "x" } }, "v1/Secret"),
      object({ data: { a: "eA==" } }, "v1/Secret"),
      [],
    ],
  ])("%s", (_, old, current, expected) => {
    const changes = compareInputs(old, current);
    expect(changes.map(({ kind, path }) => `${kind} ${formatPath(path)}`)).toEqual(expected);
  });
});

describe("what replaces an object", () => {
  test.each([
    ["v1/ConfigMap", {}, "data.key", true],
    ["v1/ConfigMap", { enableConfigMapMutable: true }, "data.key", false],
    ["v1/Secret", {}, "data.key", true],
    ["v1/Secret", { enableSecretMutable: true }, "data.key", false],
    ["v1/Secret", { enableSecretMutable: true }, "type", true],
    ["apps/v1/StatefulSet", {}, "spec.serviceName", true],
    ["apps/v1/StatefulSet", {}, "spec.template.spec.containers[0].image", false],
    ["apps/v1/Deployment", {}, "spec.selector.matchLabels.app", true],
    ["apps/v1/Deployment", {}, "spec.replicas", false],
    ["batch/v1/Job", {}, "spec.template.spec.containers[0].image", true],
    ["v1/Pod", {}, "spec.containers[0].image", true],
    ["v1/Service", {}, "spec.ports[0].port", false],
    ["v1/Service", {}, "metadata.namespace", true],
    ["v1/Service", {}, "metadata.labels.app", false],
  ] as const)("%s %j: %s replaces: %s", (kind, settings, path, expected) => {
    const change = { path: path.split(/[.[\]]+/), kind: "update", replace: false } as const;
    const rules = replaceRulesOf(object({}, kind), settings);
    expect(withReplaceRules([change], rules)[0]?.replace).toBe(expected);
  });

  test("an immutable ConfigMap is replaced whatever the settings say", () => {
    const rules = replaceRulesOf(object({ immutable: true }), { enableConfigMapMutable: true });
    expect(rules).toContain("data");
  });

  test("the old one goes first only if the program gives both the same name", () => {
    const named = object({});
    const autonamed = object({
      metadata: {
        name: "a",
        namespace: "shop",
        annotations: { "pulumi.com/autonamed": "true" },
      },
    });
    expect(mustDeleteFirst(named, named)).toBe(true);
    expect(mustDeleteFirst(named, object({ metadata: { name: "b", namespace: "shop" } }))).toBe(
      false,
    );
    expect(mustDeleteFirst(autonamed, autonamed)).toBe(false);
  });
});

describe("the API server judges changes", () => {
  const current = object({ spec: { cpu: "1000m", name: "new" } }, "v1/Thing");
  const changes = compareInputs(object({ spec: { cpu: "1", name: "old" } }, "v1/Thing"), current);
  const live = object({ spec: { cpu: "1", name: "old" } }, "v1/Thing");

  function cluster(apply: () => unknown, tryCreate: () => unknown = () => undefined): Cluster {
    const answers = { get: () => live, apply, tryCreate };
    return Object.fromEntries(
      Object.entries(answers).map(([name, answer]) => [name, () => Promise.resolve().then(answer)]),
    ) as unknown as Cluster;
  }
  const refusal = new ApiError(
    422,
    JSON.stringify({
      message: "spec.name: field is immutable",
      details: { causes: [{ field: "spec.name", message: "field is immutable" }] },
    }),
  );
  const refuse = () => {
    throw refusal;
  };

  test("a change without effect is dropped", async () => {
    const result = object({ spec: { cpu: "1", name: "new" } }, "v1/Thing");
    const judged = await judgeByDryRun(
      cluster(() => result),
      current,
      changes,
      "m",
    );
    expect(judged.map(({ path }) => formatPath(path))).toEqual(["spec.name"]);
  });

  test("nothing is left if the server sees no difference", async () => {
    expect(
      await judgeByDryRun(
        cluster(() => live),
        current,
        changes,
        "m",
      ),
    ).toEqual([]);
  });

  test("an immutable field replaces", async () => {
    const judged = await judgeByDryRun(cluster(refuse), current, changes, "m");
    expect(judged.map(({ path, replace }) => [formatPath(path), replace])).toEqual([
      ["spec.cpu", false],
      ["spec.name", true],
    ]);
  });

  test("an object that could not be made anew either is a mistake", async () => {
    await expect(judgeByDryRun(cluster(refuse, refuse), current, changes, "m")).rejects.toBe(
      refusal,
    );
  });
});
