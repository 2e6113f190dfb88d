import { numberAt, textAt } from "../objects.ts";
import type { LiveObject } from "../objects.ts";
import { podsBySelector } from "../pods.ts";
import { MINUTES, ready, waiting } from "./readiness.ts";
import type { Awaiter, Readiness } from "./readiness.ts";

/** Ready when all replicas are ready and run the newest revision. */
export const statefulSet: Awaiter = {
  timeoutMs: 10 * MINUTES,
  begin: () => look,
  pods: podsBySelector,
};

function look(live: LiveObject): Readiness {
  const status = (name: string) => numberAt(live, ["status", name]) ?? 0;
  const generation = numberAt(live, ["metadata", "generation"]) ?? 0;
  const wanted = numberAt(live, ["spec", "replicas"]) ?? 1;
  if (status("observedGeneration") < generation) {
    return waiting("the controller has not seen the change yet");
  }
  const progress = waiting(`${status("readyReplicas")} of ${wanted} pods ready`);
  const isComplete = status("replicas") === wanted && status("readyReplicas") === wanted;
  if (!isComplete) return progress;

  // Pods are only replaced when somebody deletes them: revisions may differ for good.
  const isOnDelete = textAt(live, ["spec", "updateStrategy", "type"]) === "OnDelete";
  if (isOnDelete && generation > 1) return ready;
  const current = textAt(live, ["status", "currentRevision"]);
  const isNewest = current !== undefined && current === textAt(live, ["status", "updateRevision"]);
  if (!isNewest || status("currentReplicas") !== wanted) {
    return waiting(`${status("updatedReplicas")} of ${wanted} pods run the new revision`);
  }
  return ready;
}
