import type { EngineEvent } from "@pulumi/pulumi/automation/index.js";
import { beforeEach, expect, test } from "vitest";
import { EventLog, resourceName } from "../../../../cli/pulumi/events.ts";

const URN = "urn:pulumi:dev::lakehouse::lakehouse:Kafka$kubernetes:core/v1:Service::kafka";

let said: string[];
let log: EventLog;
beforeEach(() => {
  said = [];
  log = new EventLog((line) => said.push(line));
});

/** Events have many more fields than these; the log reads no others. */
function tell(event: object): void {
  log.onEvent(event as EngineEvent);
}

function step(op: string, urn: string, details: object = {}): void {
  tell({ resourcePreEvent: { metadata: { op, urn, ...details } } });
}

test("a resource is named by type and name, without its parents", () => {
  expect(resourceName(URN)).toBe("kubernetes:core/v1:Service kafka");
});

test("changes are kept with the fields that differ; what stays the same is not one", () => {
  step("same", URN);
  step("create", URN);
  step("update", URN, { detailedDiff: { "spec.ports[0].port": {} }, diffs: ["spec"] });
  step("replace", URN, { diffs: ["data"] });
  step("create-replacement", URN, { diffs: ["data"] });
  step("delete-replaced", URN);
  const resource = "kubernetes:core/v1:Service kafka";
  expect(log.changes).toEqual([
    { operation: "create", resource, fields: [] },
    { operation: "update", resource, fields: ["spec.ports[0].port"] },
    { operation: "replace", resource, fields: ["data"] },
  ]);
});

test("progress says what is under way and how much is done", () => {
  step("create", URN);
  expect(said.at(-1)).toBe("0 done; kafka");
  step("delete", URN.replace("::kafka", "::minio"));
  expect(said.at(-1)).toBe("0 done; kafka, removing minio");
  tell({ resOutputsEvent: { metadata: { urn: URN } } });
  expect(said.at(-1)).toBe("1 done; removing minio");
});

test("errors are kept with the resource they are about; colours are not", () => {
  tell({
    diagnosticEvent: {
      severity: "error",
      urn: URN,
      message: "<{%reset%}>no endpoint<{%reset%}>\n",
    },
  });
  tell({ diagnosticEvent: { severity: "error", message: "update failed" } });
  expect(log.errors).toBe("kubernetes:core/v1:Service kafka: no endpoint\nupdate failed");
});

test("warnings are kept whole; the engine's of plugins on PATH are none", () => {
  tell({ diagnosticEvent: { severity: "warning", urn: URN, message: "forgotten\nfor good" } });
  tell({
    diagnosticEvent: { severity: "warning", message: "using pulumi-resource-kafka from PATH" },
  });
  expect(log.warnings).toEqual(["kubernetes:core/v1:Service kafka: forgotten\nfor good"]);
  expect(said).toEqual([]);
});

test("what a provider waits for is progress; debugging messages are not", () => {
  tell({ diagnosticEvent: { severity: "info", urn: URN, message: "1 of 3 pods ready\nmore" } });
  tell({ diagnosticEvent: { severity: "debug", urn: URN, message: "noise" } });
  expect(said).toEqual(["kubernetes:core/v1:Service kafka: 1 of 3 pods ready"]);
});
