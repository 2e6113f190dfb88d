import { setTimeout as sleep } from "node:timers/promises";
import { ApiError } from "./client.ts";
import { addressOf } from "./cluster.ts";
import type { Cluster } from "./cluster.ts";
import { annotation, annotationOf, describeObject, hasTrueAnnotation, listAt } from "./objects.ts";
import type { KubernetesObject, LiveObject } from "./objects.ts";

/** Milliseconds between two looks at an object that is going away. */
const POLL_MS = 300;

/** Kinds whose deletion is not awaited if they carry `pulumi.com/skipAwait`. */
const SKIPPABLE = new Set([
  "v1/Namespace",
  "v1/Pod",
  "v1/ReplicationController",
  "apps/v1/DaemonSet",
  "apps/v1/Deployment",
  "apps/v1/StatefulSet",
  "batch/v1/Job",
]);

export interface Waiting {
  readonly signal: AbortSignal;
  readonly timeoutMs: number;
  readonly status: (message: string) => void;
}

/** Deletes an object with what depends on it, and waits until it is gone. */
export async function deleteObject(
  cluster: Cluster,
  object: KubernetesObject,
  waiting: Waiting,
): Promise<void> {
  try {
    await cluster.delete(addressOf(object), propagationOf(object), waiting.signal);
  } catch (error) {
    if (error instanceof ApiError && error.code === 404) return;
    // 409: a namespace that is going away already.
    if (!(error instanceof ApiError) || error.code !== 409) throw error;
  }
  const isSkipped =
    hasTrueAnnotation(object, annotation.skipAwait) &&
    SKIPPABLE.has(`${object.apiVersion}/${object.kind}`);
  if (!isSkipped) await untilGone(cluster, object, waiting);
}

/** Waits until an object that is being deleted is gone, or another has taken its name. */
export async function untilGone(
  cluster: Cluster,
  object: KubernetesObject,
  { signal, timeoutMs, status }: Waiting,
): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  let uid: string | undefined;
  for (;;) {
    const live = await cluster.get(addressOf(object), signal);
    uid ??= live?.metadata.uid;
    if (live === undefined || live.metadata.uid !== uid) {
      status("");
      return;
    }

    const reason = whatHoldsBack(live);
    if (Date.now() >= deadline) {
      throw new Error(
        `${describeObject(object)} is still being deleted after ${timeoutMs / 1000} s${reason}. ` +
          "Remove what holds it back, then run the command again",
      );
    }
    status(`being deleted${reason}`);
    await sleep(POLL_MS, undefined, { signal });
  }
}

function whatHoldsBack(live: LiveObject): string {
  const remaining = listAt(live, ["status", "conditions"])
    .filter(
      ({ status, type }) =>
        status === "True" && /^Namespace.*(Remaining|Failure)$/.test(String(type)),
    )
    .map(({ message }) => String(message));
  const { finalizers } = live.metadata;
  if (remaining.length > 0) return `: ${remaining.join("; ")}`;
  return Array.isArray(finalizers) ? ` (finalizers: ${finalizers.join(", ")})` : "";
}

function propagationOf(object: KubernetesObject): "Foreground" | "Background" | "Orphan" {
  switch (annotationOf(object, annotation.deletionPropagation)?.toLowerCase()) {
    case "orphan":
      return "Orphan";
    case "background":
      return "Background";
    default:
      return "Foreground";
  }
}
