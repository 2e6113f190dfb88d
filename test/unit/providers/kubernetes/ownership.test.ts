import { describe, expect, test } from "vitest";
import { ApiError } from "../../../../providers/kubernetes/client.ts";
import type { LiveObject } from "../../../../providers/kubernetes/objects.ts";
import {
  explainRefusal,
  isAppliedBy,
  mergeManagers,
} from "../../../../providers/kubernetes/ownership.ts";

const entry = (manager: string, operation: string, fieldsV1: object) => ({
  manager,
  operation,
  fieldsV1,
});
const object: LiveObject = {
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name: "a", namespace: "shop", uid: "1", managedFields: [entry("mine", "Apply", {})] },
};

test("only what was applied under our name is ours", () => {
  expect(isAppliedBy(object, "mine")).toBe(true);
  expect(isAppliedBy(object, "other")).toBe(false);
});

describe("fields of client-side writers", () => {
  test("become ours, merged with those that are", () => {
    const entries = [
      entry("mine", "Apply", { "f:spec": { "f:a": {} } }),
      entry("pulumi-kubernetes", "Update", { "f:spec": { "f:b": {} } }),
      entry("kube-controller-manager", "Update", { "f:status": {} }),
    ];
    expect(mergeManagers(entries, "mine")).toEqual([
      entries[2],
      entry("mine", "Apply", { "f:spec": { "f:a": {}, "f:b": {} } }),
    ]);
  });

  test("are left alone where there are none", () => {
    expect(mergeManagers([entry("mine", "Apply", {})], "mine")).toBeUndefined();
  });
});

test("a conflict names the cure", () => {
  const conflict = new ApiError(
    409,
    JSON.stringify({
      message:
        'Apply failed with 1 conflict: conflict with "kubectl" using apps/v1: .spec.replicas',
      details: { causes: [{ reason: "FieldManagerConflict", field: ".spec.replicas" }] },
    }),
  );
  expect((explainRefusal(conflict, object) as Error).message).toBe(
    'ConfigMap shop/a: Apply failed with 1 conflict: conflict with "kubectl" using apps/v1: ' +
      ".spec.replicas. Another program owns these fields. Leave them to it (remove them here, or " +
      'list them in ignoreChanges), or take them over with the annotation pulumi.com/patchForce: "true"',
  );
});
