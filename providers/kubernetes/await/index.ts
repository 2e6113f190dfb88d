import { setTimeout as sleep } from "node:timers/promises";
import { Unreachable } from "../client.ts";
import { addressOf } from "../cluster.ts";
import type { Cluster } from "../cluster.ts";
import type { Waiting } from "../delete.ts";
import { annotation, describeObject, hasTrueAnnotation, numberAt } from "../objects.ts";
import type { KubernetesObject, LiveObject } from "../objects.ts";
import { diagnosePods, summarizePods } from "../pods.ts";
import { daemonSet } from "./daemon-set.ts";
import { deployment } from "./deployment.ts";
import { ingress } from "./ingress.ts";
import { job } from "./job.ts";
import { pod } from "./pod.ts";
import type { Awaiter, Look, Readiness } from "./readiness.ts";
import { service } from "./service.ts";
import { replicationController, resourceQuota, secret } from "./small.ts";
import { statefulSet } from "./stateful-set.ts";
import { volume, volumeClaim } from "./volumes.ts";
import { customAwaiter } from "./wait-for.ts";

/** Milliseconds between two looks at an object that is not ready. */
const POLL_MS = 300;

/** Every how many looks the pods are asked what ails them: it takes more requests. */
const LOOKS_PER_DIAGNOSIS = 7;

/** Kinds that are awaited, as the official plugin awaits them; others are ready when they exist. */
const AWAITERS: Readonly<Record<string, Awaiter>> = {
  "apps/v1/DaemonSet": daemonSet,
  "apps/v1/Deployment": deployment,
  "apps/v1/StatefulSet": statefulSet,
  "batch/v1/Job": job,
  "networking.k8s.io/v1/Ingress": ingress,
  "v1/PersistentVolume": volume,
  "v1/PersistentVolumeClaim": volumeClaim,
  "v1/Pod": pod,
  "v1/ReplicationController": replicationController,
  "v1/ResourceQuota": resourceQuota,
  "v1/Secret": secret,
  "v1/Service": service,
};

/** How the readiness of an object is judged; `undefined` if it need not be awaited. */
export function awaiterOf(object: KubernetesObject): Awaiter | undefined {
  if (hasTrueAnnotation(object, annotation.skipAwait)) return undefined;
  return customAwaiter(object) ?? AWAITERS[`${object.apiVersion}/${object.kind}`];
}

/** An object that exists but did not become usable. */
export class NotReady extends Error {
  /** The object as it was last seen. */
  readonly live: LiveObject;

  constructor(message: string, live: LiveObject) {
    super(message);
    this.name = "NotReady";
    this.live = live;
  }
}

/**
 * Waits until an object is usable and returns it as it then is.
 *
 * @throws NotReady when it failed, when time is over or when the user interrupts
 */
export async function untilReady(
  cluster: Cluster,
  applied: LiveObject,
  options: Omit<Waiting, "timeoutMs"> & { readonly timeoutMs?: number; readonly isNew: boolean },
): Promise<LiveObject> {
  const awaiter = awaiterOf(applied);
  if (awaiter === undefined) return applied;
  const timeoutMs = options.timeoutMs ?? awaiter.timeoutMs;
  const deadline = Date.now() + timeoutMs;
  const look = awaiter.begin({ isNew: options.isNew });
  let live = applied;
  // A controller may remove a pod that failed, and with it the reason.
  let lastAilments: string[] = [];

  for (let looks = 0; ; looks++) {
    const readiness = await lookAgain(cluster, live, look);
    live = readiness.live;
    if (readiness.state === "ready") {
      options.status("");
      return live;
    }
    if (readiness.state === "failed" || Date.now() >= deadline || options.signal.aborted) {
      const why =
        readiness.state === "failed"
          ? "failed"
          : options.signal.aborted
            ? "was not ready yet when interrupted"
            : `is not ready after ${timeoutMs / 1000} s`;
      const present = await diagnosePods(await podsOf(awaiter, live, cluster), cluster);
      const causes = present.length > 0 ? present : lastAilments.map((text) => `  before: ${text}`);
      const lines = [`${describeObject(live)} ${why}: ${readiness.message}`, ...causes];
      throw new NotReady(lines.join("\n"), live);
    }
    if (looks % LOOKS_PER_DIAGNOSIS === 0) {
      const ailments = summarizePods(await podsOf(awaiter, live, cluster));
      if (ailments.length > 0) lastAilments = ailments;
      options.status([readiness.message, ...ailments].join("; "));
    }
    // An interruption is dealt with by the next look.
    await sleep(POLL_MS, undefined, { signal: options.signal }).catch(() => undefined);
  }
}

/** Whether an object is usable right now: the reason why not, or `undefined`. */
export async function whyNotReady(cluster: Cluster, live: LiveObject): Promise<string | undefined> {
  const awaiter = awaiterOf(live);
  // The settling time of a service says nothing about one that is long there.
  if (awaiter === undefined || awaiter === service) return undefined;
  const readiness = await awaiter.begin({ isNew: true })(live, cluster);
  if (readiness.state === "ready") return undefined;
  const ailments = summarizePods(await podsOf(awaiter, live, cluster));
  return [`${describeObject(live)} is not ready: ${readiness.message}`, ...ailments].join("; ");
}

async function lookAgain(
  cluster: Cluster,
  known: LiveObject,
  look: Look,
): Promise<Readiness & { live: LiveObject }> {
  try {
    const live = await cluster.get(addressOf(known));
    if (live === undefined || live.metadata.uid !== known.metadata.uid) {
      return { state: "failed", message: "somebody has deleted it", live: known };
    }
    const generation = (object: LiveObject) => numberAt(object, ["metadata", "generation"]) ?? 0;
    if (generation(live) < generation(known)) {
      return { state: "waiting", message: "reading an old state", live: known };
    }
    return { ...(await look(live, cluster)), live };
  } catch (error) {
    // An API server that restarts is back within the time that is given anyway.
    if (!(error instanceof Unreachable)) throw error;
    return { state: "waiting", message: error.message, live: known };
  }
}

async function podsOf(awaiter: Awaiter, live: LiveObject, cluster: Cluster): Promise<LiveObject[]> {
  // Only to explain another message.
  return (await awaiter.pods?.(live, cluster).catch(() => undefined)) ?? [];
}
