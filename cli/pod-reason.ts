import type { V1Node, V1Pod } from "@kubernetes/client-node";

/** The first thing that a workload's pods say about why they are not ready. */
export function podReason(pods: readonly V1Pod[]): string {
  if (pods.length === 0) return "no pod yet";
  for (const pod of pods) {
    const reason = reasonOf(pod);
    if (reason !== undefined) return reason;
  }
  return "starting";
}

function reasonOf({ status }: V1Pod): string | undefined {
  // Evicted, most often: its containers' exit codes only follow from that.
  if (status?.phase === "Failed" && status.reason !== undefined) {
    return [status.reason, status.message].filter(Boolean).join(": ");
  }
  for (const container of [
    ...(status?.initContainerStatuses ?? []),
    ...(status?.containerStatuses ?? []),
  ]) {
    const waiting = container.state?.waiting;
    const terminated = container.state?.terminated;
    if (waiting?.reason !== undefined && !patientReasons.has(waiting.reason)) {
      return [waiting.reason, waiting.message].filter(Boolean).join(": ");
    }
    if (terminated !== undefined && terminated.exitCode !== 0) {
      return `${terminated.reason ?? "ended"} with exit code ${terminated.exitCode}`;
    }
  }
  const scheduled = status?.conditions?.find(({ type }) => type === "PodScheduled");
  return scheduled?.status === "False" ? (scheduled.message ?? "not scheduled") : undefined;
}

/** States of a container that wait for nothing but time. */
const patientReasons = new Set(["ContainerCreating", "PodInitializing"]);

/** A SparkApplication as far as its state goes. */
export interface SparkApplication {
  readonly metadata: { readonly name: string };
  readonly status?: {
    readonly applicationState?: { readonly state?: string; readonly errorMessage?: string };
  };
}

/**
 * Why a SparkApplication does no work, or null if it does. One whose driver runs is RUNNING to the
 * operator, also while none of its executors can start.
 */
export function sparkReason(
  { metadata, status }: SparkApplication,
  pods: readonly V1Pod[],
): string | null {
  const own = (role: string) =>
    pods.filter((pod) => {
      const labels = pod.metadata?.labels ?? {};
      return (
        labels["sparkoperator.k8s.io/app-name"] === metadata.name && labels["spark-role"] === role
      );
    });
  const state = status?.applicationState?.state ?? "not submitted yet";
  if (state === "RUNNING") {
    const executors = own("executor");
    const isWorking = executors.some((pod) => pod.status?.phase === "Running");
    const reason = isWorking ? "starting" : podReason(executors);
    return executors.length === 0 || isWorking || reason === "starting"
      ? null
      : `no executor runs: ${reason}`;
  }
  const details = [status?.applicationState?.errorMessage?.trim(), ...own("driver").map(reasonOf)];
  return [state, ...details.filter(Boolean)].join(": ");
}

/** Conditions under which a node takes no pods and evicts some of its own. */
const pressures = new Set(["DiskPressure", "MemoryPressure", "PIDPressure"]);

/** The pressure that nodes are under, a phrase for each; empty if there is none. */
export function nodePressures(nodes: readonly V1Node[]): string[] {
  return nodes.flatMap(({ metadata, status }) =>
    (status?.conditions ?? [])
      .filter(({ type, status: holds }) => pressures.has(type) && holds === "True")
      .map(({ type, message }) => `node ${metadata?.name ?? ""} has ${type} (${message ?? ""})`),
  );
}
