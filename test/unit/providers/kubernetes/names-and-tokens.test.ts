import { expect, test } from "vitest";
import { autoName, fieldManagerOf } from "../../../../providers/kubernetes/names.ts";
import { parseToken } from "../../../../providers/kubernetes/tokens.ts";

test.each([
  ["kubernetes:core/v1:Service", { apiVersion: "v1", kind: "Service" }],
  ["kubernetes:apps/v1:Deployment", { apiVersion: "apps/v1", kind: "Deployment" }],
  [
    "kubernetes:sparkoperator.k8s.io/v1beta2:SparkApplication",
    { apiVersion: "sparkoperator.k8s.io/v1beta2", kind: "SparkApplication" },
  ],
  ["kubernetes:apps/v1:DeploymentPatch", undefined],
  ["kubernetes:apps/v1:DeploymentList", undefined],
  ["kubernetes:helm.sh/v4:Chart", undefined],
  ["kubernetes:yaml:ConfigFile", undefined],
  ["kubernetes:yaml/v2:ConfigGroup", undefined],
  ["kubernetes:kustomize/v2:Directory", undefined],
])("%s stands for %j", (token, kind) => {
  expect(parseToken(token)).toEqual(kind);
});

test("a made name is the same for the same seed, and another for another", () => {
  const seed = new Uint8Array([1, 2, 3]);
  expect(autoName("conf", seed)).toMatch(/^conf-[0-9a-f]{8}$/);
  expect(autoName("conf", seed)).toBe(autoName("conf", seed));
  expect(autoName("conf", seed)).not.toBe(autoName("conf", new Uint8Array([1, 2, 4])));
  expect(autoName("conf", new Uint8Array())).not.toBe(autoName("conf", new Uint8Array()));
});

test("each resource owns fields under a name of its own, the same in every run", () => {
  const manager = fieldManagerOf("urn:pulumi:dev::lakehouse::kubernetes:core/v1:Service::kafka");
  expect(manager).toBe("pulumi-kubernetes-8767bdfd");
});
