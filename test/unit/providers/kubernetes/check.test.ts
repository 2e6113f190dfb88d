import { describe, expect, test } from "vitest";
import { checkObject } from "../../../../providers/kubernetes/check.ts";
import type { KubernetesContext } from "../../../../providers/kubernetes/settings.ts";
import type { KubernetesObject } from "../../../../providers/kubernetes/objects.ts";
import { UNKNOWN } from "../../../../providers/runtime/values.ts";

const SERVICE = { apiVersion: "v1", kind: "Service" };
const NAMESPACE = { apiVersion: "v1", kind: "Namespace" };

const context = {
  settings: {},
  defaultNamespace: "shop",
  cluster: {
    discovery: {
      find: ({ kind }: { kind: string }) =>
        Promise.resolve(
          kind === "Custom" ? undefined : { isNamespaced: kind !== "Namespace", kind },
        ),
    },
  },
} as unknown as KubernetesContext;

function check(kind: typeof SERVICE, inputs: object, old?: object) {
  return checkObject(kind, inputs, {
    context,
    urn: "urn",
    name: "kafka",
    token: "token",
    randomSeed: new Uint8Array([7]),
    old: old as KubernetesObject | undefined,
  });
}

describe("names", () => {
  test("an unnamed object gets one, and an annotation that says so", async () => {
    const checked = await check(SERVICE, { metadata: { annotations: { a: "b" } } });
    expect(checked).toEqual({
      ...SERVICE,
      metadata: {
        name: "kafka-ca358758",
        namespace: "shop",
        annotations: { a: "b", "pulumi.com/autonamed": "true" },
      },
    });
  });

  test("a made name is kept as long as the object lives", async () => {
    const old = { metadata: { name: "kafka-x", annotations: { "pulumi.com/autonamed": "true" } } };
    const checked = await check(SERVICE, {}, old);
    expect(checked.metadata.name).toBe("kafka-x");
    expect(checked.metadata.annotations).toEqual({ "pulumi.com/autonamed": "true" });
  });

  test("a name that the program stops giving is not taken for a made one", async () => {
    const checked = await check(SERVICE, {}, { metadata: { name: "kafka" } });
    expect(checked.metadata.name).toBe("kafka-ca358758");
  });

  test("names by the server do not go with server-side apply", async () => {
    await expect(check(SERVICE, { metadata: { generateName: "x-" } })).rejects.toThrow(
      "metadata.generateName: cannot be used with server-side apply",
    );
  });
});

test.each([
  [SERVICE, { name: "a" }, "shop"],
  [SERVICE, { name: "a", namespace: "other" }, "other"],
  [SERVICE, { name: "a", namespace: UNKNOWN }, UNKNOWN],
  [NAMESPACE, { name: "a" }, undefined],
  [{ apiVersion: "example.com/v1", kind: "Custom" }, { name: "a" }, "shop"],
])("the namespace of %j %j", async (kind, metadata, namespace) => {
  expect((await check(kind, { metadata })).metadata.namespace).toBe(namespace);
});

test("what the API server fills in is no input", async () => {
  const metadata = { name: "a", namespace: "n", uid: "1", resourceVersion: "2" };
  expect((await check(SERVICE, { metadata })).metadata).toEqual({ name: "a", namespace: "n" });
});
