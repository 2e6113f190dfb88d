import type { V1Node, V1Pod } from "@kubernetes/client-node";
import { expect, test } from "vitest";
import { nodePressures, podReason, sparkReason } from "../../../cli/pod-reason.ts";

const pod = (status: object, role = "driver"): V1Pod => {
  const labels = { "sparkoperator.k8s.io/app-name": "streaming", "spark-role": role };
  const plain: unknown = { metadata: { labels }, status };
  return plain as V1Pod;
};
const unschedulable = {
  phase: "Pending",
  conditions: [{ type: "PodScheduled", status: "False", message: "1 Insufficient cpu" }],
};
const creating = {
  phase: "Pending",
  containerStatuses: [{ name: "main", state: { waiting: { reason: "ContainerCreating" } } }],
};
const pulling = {
  phase: "Pending",
  containerStatuses: [
    { name: "main", state: { waiting: { reason: "ErrImagePull", message: "not found" } } },
  ],
};
const evicted = { phase: "Failed", reason: "Evicted", message: "The node was low on resource" };
const running = { phase: "Running" };

test.each([
  [[], "no pod yet"],
  [[pod(creating)], "starting"],
  [[pod(pulling)], "ErrImagePull: not found"],
  [[pod(running), pod(unschedulable)], "1 Insufficient cpu"],
  [[pod(evicted)], "Evicted: The node was low on resource"],
])("pods %# say %s", (pods, expected) => {
  expect(podReason(pods)).toBe(expected);
});

const application = (state?: string, errorMessage?: string) => ({
  metadata: { name: "streaming" },
  status: {
    applicationState: {
      ...(state !== undefined && { state }),
      ...(errorMessage !== undefined && { errorMessage }),
    },
  },
});

test.each([
  ["without a state", application(), [], "not submitted yet"],
  ["submitted", application("SUBMITTED"), [pod(unschedulable)], "SUBMITTED: 1 Insufficient cpu"],
  ["failing", application("FAILING", "exit code 1\n"), [], "FAILING: exit code 1"],
  ["running in its driver alone", application("RUNNING"), [pod(running)], null],
  ["running", application("RUNNING"), [pod(running, "executor")], null],
  [
    "with a new executor beside a working one",
    application("RUNNING"),
    [pod(running, "executor"), pod(unschedulable, "executor")],
    null,
  ],
  ["with an executor that starts", application("RUNNING"), [pod(creating, "executor")], null],
  [
    "without room for its executor",
    application("RUNNING"),
    [pod(unschedulable, "executor")],
    "no executor runs: 1 Insufficient cpu",
  ],
])("an application %s", (_, spark, pods, expected) => {
  expect(sparkReason(spark, pods)).toBe(expected);
});

test("pressure on a node is told by its name", () => {
  const node: unknown = {
    metadata: { name: "n" },
    status: {
      conditions: [
        { type: "Ready", status: "True" },
        { type: "MemoryPressure", status: "False" },
        { type: "DiskPressure", status: "True", message: "kubelet has disk pressure" },
      ],
    },
  };
  expect(nodePressures([node as V1Node])).toEqual([
    "node n has DiskPressure (kubelet has disk pressure)",
  ]);
});
