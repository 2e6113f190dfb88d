import type {
  V1Container,
  V1CronJob,
  V1Deployment,
  V1Job,
  V1PodSpec,
  V1ResourceRequirements,
  V2HorizontalPodAutoscaler,
} from "@kubernetes/client-node";
import { expect } from "vitest";

import type { Recording } from "./mocks.ts";

/** A driver or executor; the executor of an application without executors is empty. */
interface SparkRole {
  coreRequest: string;
  memory: string;
  memoryOverhead: string;
  template: { spec: V1PodSpec };
}

/** The drivers and executors. */
export const sparkRoles = (recording: Recording) =>
  recording
    .all("kubernetes:sparkoperator.k8s.io/v1beta2:SparkApplication")
    .flatMap(({ name, inputs }) => {
      const { driver, executor } = inputs["spec"] as {
        driver: SparkRole;
        executor: SparkRole | Record<string, never>;
      };
      return [
        { name: `${name} driver`, role: driver },
        // An application without executors says nothing of them.
        ...("template" in executor ? [{ name: `${name} executor`, role: executor }] : []),
      ];
    });

/** Pods that run without end, apart from Spark's. */
export const workloads = (recording: Recording) =>
  ["kubernetes:apps/v1:Deployment", "kubernetes:apps/v1:StatefulSet"]
    .flatMap((type) => recording.all(type))
    .map(({ name, inputs }) => {
      const { spec } = inputs as unknown as V1Deployment;
      const replicas = spec?.replicas ?? autoscaled(recording, name) ?? 1;
      return { name, replicas, pod: spec?.template.spec as V1PodSpec };
    });

/** How many replicas an autoscaler keeps at least. */
function autoscaled(recording: Recording, name: string): number | undefined {
  return recording
    .all("kubernetes:autoscaling/v2:HorizontalPodAutoscaler")
    .filter((autoscaler) => autoscaler.name === name)
    .map(({ inputs }) => (inputs as unknown as V2HorizontalPodAutoscaler).spec.minReplicas)[0];
}

/** Pods that end by themselves. */
export const jobs = (recording: Recording) => [
  ...recording.all("kubernetes:batch/v1:CronJob").map(({ name, inputs }) => ({
    name,
    pod: (inputs as unknown as V1CronJob).spec.jobTemplate.spec?.template.spec as V1PodSpec,
  })),
  ...recording.all("kubernetes:batch/v1:Job").map(({ name, inputs }) => ({
    name,
    pod: (inputs as unknown as V1Job).spec?.template.spec as V1PodSpec,
  })),
];

/** Every pod of the program, whatever makes it. */
export const pods = (recording: Recording) => [
  ...workloads(recording).map(({ name, pod }) => ({ name, pod })),
  ...jobs(recording),
  ...sparkRoles(recording).map(({ name, role }) => ({ name, pod: role.template.spec })),
];

/** Sums over all pods, in millicores and MiB. */
export function demand(recording: Recording) {
  const release = recording.find("kubernetes:helm.sh/v3:Release", "spark-operator");
  const { controller, webhook } = release.inputs["values"] as Record<
    "controller" | "webhook",
    { resources: V1ResourceRequirements }
  >;
  const all = [
    ...workloads(recording).flatMap(({ replicas, pod }) =>
      Array.from({ length: replicas }, () => pod.containers.map((one) => one.resources)).flat(),
    ),
    controller.resources,
    webhook.resources,
    ...sparkRoles(recording).map(({ role }) => {
      const memory = `${mebibytes(role.memory) + mebibytes(role.memoryOverhead)}Mi`;
      return { requests: { cpu: role.coreRequest, memory }, limits: { memory } };
    }),
  ];
  const sum = (values: number[]) => values.reduce((total, value) => total + value, 0);
  return {
    cpu: sum(all.map((resources) => millicores(resources?.requests?.["cpu"]))),
    memory: sum(all.map((resources) => mebibytes(resources?.requests?.["memory"]))),
    memoryLimit: sum(all.map((resources) => mebibytes(resources?.limits?.["memory"]))),
  };
}

/** The floor of security that no pod falls below. */
export function expectHardened(name: string, pod: V1PodSpec): void {
  expect(pod, name).toMatchObject({
    enableServiceLinks: false,
    securityContext: { runAsNonRoot: true, seccompProfile: { type: "RuntimeDefault" } },
  });
  for (const container of pod.containers) {
    expect(container.securityContext, name).toEqual({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ["ALL"] },
    });
  }
}

function millicores(quantity = ""): number {
  const [, amount] = /^(\d+)m$/.exec(quantity) ?? [];
  if (amount === undefined) throw new Error(`not millicores: ${quantity}`);
  return Number(amount);
}

function mebibytes(quantity = ""): number {
  const [, amount] = /^(\d+)(?:Mi|m)$/.exec(quantity) ?? [];
  if (amount === undefined) throw new Error(`not MiB: ${quantity}`);
  return Number(amount);
}

/** The environment of a container by name: values, and references to keys of Secrets. */
export const environment = (container: { env?: V1Container["env"] | undefined } | undefined) =>
  Object.fromEntries(
    (container?.env ?? []).map(({ name, value, valueFrom }) => [
      name,
      value ?? valueFrom?.secretKeyRef,
    ]),
  );
