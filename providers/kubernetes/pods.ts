import pRetry from "p-retry";
import { isProperties } from "../runtime/values.ts";
import type { Properties } from "../runtime/values.ts";
import type { Cluster } from "./cluster.ts";
import { ailingNodes } from "./nodes.ts";
import { conditionOf, listAt, numberAt, textAt, valueAt } from "./objects.ts";
import type { LiveObject } from "./objects.ts";

/** Lines of a crashed container's log that an error shows. */
const LOG_LINES = 15;

/** Pods that an error describes in full; more of the same workload tell the same. */
const MAX_PODS = 3;

/** States of a container that wait for nothing but time. */
const PATIENT_REASONS = new Set(["ContainerCreating", "PodInitializing"]);

/** The pods that a workload's selector matches and that it, or nobody, controls. */
export async function podsBySelector(
  workload: LiveObject,
  cluster: Cluster,
): Promise<LiveObject[]> {
  const selector = selectorText(valueAt(workload, ["spec", "selector"]));
  if (selector === undefined) return [];
  return cluster.list({ apiVersion: "v1", kind: "Pod" }, workload.metadata.namespace, {
    labelSelector: selector,
  });
}

/** A label selector in the form of a query: `app=kafka,tier in (a,b)`. */
export function selectorText(selector: unknown): string | undefined {
  if (!isProperties(selector)) return undefined;
  const labels = selector["matchLabels"] ?? (selector["matchExpressions"] ? {} : selector);
  const equalities = Object.entries(isProperties(labels) ? labels : {}).map(
    ([label, value]) => `${label}=${String(value)}`,
  );
  const expressions = listAt(selector, ["matchExpressions"]).map(({ key, operator, values }) => {
    const list = Array.isArray(values) ? `(${values.join(",")})` : "()";
    switch (operator) {
      case "Exists":
        return String(key);
      case "DoesNotExist":
        return `!${String(key)}`;
      case "NotIn":
        return `${String(key)} notin ${list}`;
      default:
        return `${String(key)} in ${list}`;
    }
  });
  const text = [...equalities, ...expressions].join(",");
  return text === "" ? undefined : text;
}

/** What ails pods, a short phrase for each, from what was read of them already. */
export function summarizePods(pods: readonly LiveObject[]): string[] {
  return pods.flatMap((pod) => {
    const ailment = ailmentOf(pod);
    return ailment === undefined ? [] : [`pod ${pod.metadata.name}: ${ailment.summary}`];
  });
}

/**
 * What ails pods in full: reasons, the last lines of crashed containers, warning events, and the
 * nodes' troubles if those keep pods away.
 */
export async function diagnosePods(
  pods: readonly LiveObject[],
  cluster: Cluster,
): Promise<string[]> {
  const ailing = pods.filter((pod) => ailmentOf(pod) !== undefined);
  // Those that crashed tell most.
  const [crashed, other] = [true, false].map((isCrash) =>
    ailing.filter((pod) => (ailmentOf(pod)?.crashed !== undefined) === isCrash),
  );
  const told = [...(crashed ?? []), ...(other ?? [])].slice(0, MAX_PODS);
  const diagnoses = await Promise.all(told.map((pod) => diagnosePod(pod, cluster)));
  if (!ailing.some((pod) => ailmentOf(pod)?.isNodeAsked)) return diagnoses;
  return [...diagnoses, ...(await ailingNodes(cluster)).map(indent)];
}

async function diagnosePod(pod: LiveObject, cluster: Cluster): Promise<string> {
  const ailment = ailmentOf(pod);
  const lines = [`Pod ${pod.metadata.name}: ${ailment?.summary ?? "not ready"}`];
  if (ailment?.crashed !== undefined) {
    const log = await lastLinesOf(pod, ailment.crashed, cluster);
    if (log !== "")
      lines.push(`last lines of container ${ailment.crashed.container}:`, indent(log));
  } else {
    const warnings = await warningsOf(pod, cluster);
    lines.push(...warnings.filter((text) => !ailment?.summary.includes(text)).map(indent));
  }
  return indent(lines.join("\n"));
}

/** The end of what a crashed container wrote; empty if that was nothing. */
async function lastLinesOf(
  pod: LiveObject,
  { container, isRestarted }: Crash,
  cluster: Cluster,
): Promise<string> {
  const logOf = (previous: boolean) =>
    cluster.logTail(pod, container, { lines: LOG_LINES, previous });
  // Since its pod was looked at the container may have been started again, and again: what crashed
  // is then the one before or the one now, and for a moment the log of neither can be had.
  const find = async () => {
    const log = (await logOf(isRestarted)) || (await logOf(!isRestarted));
    if (log.trim() === "") throw new Error(`${container} has no log`);
    return log;
  };
  return pRetry(find, { retries: 3, minTimeout: 300 }).catch(() => "");
}

/** A container that ended with an error. */
interface Crash {
  readonly container: string;
  /** Whether it was started again after that. */
  readonly isRestarted: boolean;
}

interface Ailment {
  readonly summary: string;
  /** The container whose log tells more. */
  readonly crashed?: Crash;
  /** The state of the nodes tells more. */
  readonly isNodeAsked?: true;
}

/** The first thing that keeps a pod from being ready, or `undefined`. */
function ailmentOf(pod: LiveObject): Ailment | undefined {
  const scheduled = conditionOf(pod, "PodScheduled");
  if (scheduled?.["status"] === "False") {
    return {
      summary: `cannot be scheduled: ${textAt(scheduled, ["message"]) ?? "no reason given"}`,
      isNodeAsked: true,
    };
  }
  const phase = textAt(pod, ["status", "phase"]);
  const reason = textAt(pod, ["status", "reason"]);
  const message = textAt(pod, ["status", "message"]) ?? "no message";
  // The pod as a whole was ended, most often evicted: exit codes of its containers only follow.
  if (phase === "Failed" && reason !== undefined) {
    return { summary: `failed: ${reason}: ${message}`, isNodeAsked: true };
  }
  const containers = [
    ...listAt(pod, ["status", "initContainerStatuses"]),
    ...listAt(pod, ["status", "containerStatuses"]),
  ];
  for (const container of containers) {
    const ailment = containerAilment(container);
    if (ailment !== undefined) return ailment;
  }
  if (phase === "Failed") return { summary: `failed: ${message}` };
  if (phase === "Running" && conditionOf(pod, "Ready")?.["status"] !== "True") {
    return { summary: "running, but its readiness probe does not succeed" };
  }
  if (phase === "Pending") return { summary: "being started" };
  return undefined;
}

function containerAilment(status: Properties): Ailment | undefined {
  const name = String(status["name"]);
  const terminated =
    valueAt(status, ["state", "terminated"]) ?? valueAt(status, ["lastState", "terminated"]);
  const exitCode = numberAt(terminated, ["exitCode"]) ?? 0;
  const waitingReason = textAt(status, ["state", "waiting", "reason"]);

  // A container that crashes again and again is up in between.
  if (exitCode !== 0) {
    const isRestarted = valueAt(status, ["state", "terminated"]) === undefined;
    const restarts = numberAt(status, ["restartCount"]) ?? 0;
    const reason = textAt(terminated, ["reason"]) ?? "Error";
    const message = textAt(terminated, ["message"]);
    const times = restarts > 0 ? `, restarted ${restarts} times` : "";
    return {
      summary: `container ${name} exited with code ${exitCode} (${reason})${times}${message ? `: ${message}` : ""}`,
      crashed: { container: name, isRestarted },
    };
  }
  if (waitingReason !== undefined && !PATIENT_REASONS.has(waitingReason)) {
    const message = textAt(status, ["state", "waiting", "message"]);
    return { summary: `container ${name}: ${waitingReason}${message ? `: ${message}` : ""}` };
  }
  return undefined;
}

async function warningsOf(pod: LiveObject, cluster: Cluster): Promise<string[]> {
  const events = await cluster.list({ apiVersion: "v1", kind: "Event" }, pod.metadata.namespace, {
    fieldSelector: `involvedObject.uid=${pod.metadata.uid},type=Warning`,
  });
  const messages = events.flatMap((event) => textAt(event, ["message"])?.trim() ?? []);
  return [...new Set(messages)].slice(-MAX_PODS);
}

function indent(text: string): string {
  return text.trimEnd().replaceAll(/^/gm, "  ");
}
