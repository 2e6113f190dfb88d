import { describe, expect, test } from "vitest";
import {
  fromServer,
  idOf,
  importedInputs,
  liveInputs,
  parseId,
  pruneToShape,
  toServer,
  withValueAt,
} from "../../../../providers/kubernetes/objects.ts";
import type { KubernetesObject, LiveObject } from "../../../../providers/kubernetes/objects.ts";

const secret: KubernetesObject = {
  apiVersion: "v1",
  kind: "Secret",
  metadata: { name: "login", namespace: "shop" },
  stringData: { password: "pass" },
  data: { user: "dXNlcg==" },
};

test.each([
  [{ name: "a" }, "a"],
  [{ name: "a", namespace: "shop" }, "shop/a"],
])("the id of %j is %s", (metadata, id) => {
  expect(idOf({ apiVersion: "v1", kind: "X", metadata })).toBe(id);
  expect(parseId(id)).toEqual({ namespace: undefined, ...metadata });
});

describe("secrets", () => {
  test("text is sent encoded", () => {
    expect(toServer(secret)).toEqual({
      apiVersion: "v1",
      kind: "Secret",
      metadata: secret.metadata,
      data: { user: "dXNlcg==", password: "cGFzcw==" },
    });
  });

  test("a refresh reads text back as text", () => {
    const live = {
      ...toServer(secret),
      metadata: { name: "login", namespace: "shop", uid: "1" },
      data: { user: "dXNlcg==", password: "b3RoZXI=", added: "eA==" },
    } as LiveObject;
    expect(liveInputs(live, secret)).toEqual({ ...secret, stringData: { password: "other" } });
  });

  test("a refresh of an unchanged one gives the very inputs", () => {
    const live = { ...toServer(secret), metadata: { ...secret.metadata, uid: "1" } } as LiveObject;
    expect(liveInputs(live, secret)).toBe(secret);
  });
});

test("schema extensions are spelled with underscores in programs and dashes on the server", () => {
  const definition: KubernetesObject = {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: "x" },
    spec: [{ x_kubernetes_preserve_unknown_fields: true, x_other: 1 }],
  };
  const sent = toServer(definition);
  expect(sent["spec"]).toEqual([{ "x-kubernetes-preserve-unknown-fields": true, x_other: 1 }]);
  expect(fromServer(sent as LiveObject)).toEqual(definition);
});

test.each([
  ["fields that others set are left out", { a: 1, b: 2 }, { a: 0 }, { a: 1 }],
  ["fields that are gone are left out", { a: 1 }, { a: 0, b: 0 }, { a: 1 }],
  [
    "lists of named items are matched by name; what others add comes last",
    [
      { name: "sidecar", image: "s" },
      { name: "main", image: "new", extra: 1 },
    ],
    [{ name: "main", image: "old" }],
    [
      { name: "main", image: "new" },
      { name: "sidecar", image: "s" },
    ],
  ],
  ["other lists are matched by position", [{ port: 1, x: 2 }, 3], [{ port: 0 }], [{ port: 1 }, 3]],
])("pruning: %s", (_, live, shape, expected) => {
  expect(pruneToShape(live, shape)).toEqual(expected);
});

test("an import leaves out what the API server fills in", () => {
  const live = {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: "a", uid: "1", resourceVersion: "2", managedFields: [], labels: { x: "y" } },
    data: { k: "v" },
    status: {},
  } as LiveObject;
  expect(importedInputs(live)).toEqual({
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: "a", labels: { x: "y" } },
    data: { k: "v" },
  });
});

test("a value is set in a copy", () => {
  const tree = { a: [{ b: 1 }] };
  expect(withValueAt(tree, ["a", 0, "b"], 2)).toEqual({ a: [{ b: 2 }] });
  expect(withValueAt(tree, ["c", "d"], 3)).toEqual({ a: [{ b: 1 }], c: { d: 3 } });
  expect(tree).toEqual({ a: [{ b: 1 }] });
});
