import type { Cluster } from "../cluster.ts";
import { conditionOf, isConditionTrue, listAt, numberAt, textAt } from "../objects.ts";
import type { LiveObject } from "../objects.ts";
import { podsBySelector } from "../pods.ts";
import { MINUTES, ready, waiting } from "./readiness.ts";
import type { Awaiter, Readiness } from "./readiness.ts";

const REVISION = "deployment.kubernetes.io/revision";

/**
 * Ready when the replica set of the newest revision has all its replicas ready and the controller
 * reports it as the new, available one.
 */
export const deployment: Awaiter = {
  timeoutMs: 10 * MINUTES,
  begin: () => look,
  async pods(live, cluster) {
    const replicaSet = await currentReplicaSet(live, cluster);
    return replicaSet ? podsBySelector(replicaSet, cluster) : [];
  },
};

async function look(live: LiveObject, cluster: Cluster): Promise<Readiness> {
  const replicaSet = await currentReplicaSet(live, cluster);
  const wanted = numberAt(replicaSet ?? live, ["spec", "replicas"]) ?? 1;
  const have = replicaSet ? (numberAt(replicaSet, ["status", "readyReplicas"]) ?? 0) : 0;
  const progress = waiting(`${have} of ${wanted} pods ready${refusal(live)}`);

  const observed = numberAt(live, ["status", "observedGeneration"]) ?? 0;
  if (observed < (numberAt(live, ["metadata", "generation"]) ?? 0)) return progress;
  const isRolledOut =
    conditionOf(live, "Progressing")?.["reason"] === "NewReplicaSetAvailable" &&
    isConditionTrue(live, "Progressing") &&
    isConditionTrue(live, "Available");
  return isRolledOut && replicaSet !== undefined && have >= wanted ? ready : progress;
}

/** Why the controller cannot make pods at all, such as a quota or a security policy. */
function refusal(live: LiveObject): string {
  const failure = conditionOf(live, "ReplicaFailure");
  return failure?.["status"] === "True" ? `: ${String(failure["message"])}` : "";
}

async function currentReplicaSet(
  live: LiveObject,
  cluster: Cluster,
): Promise<LiveObject | undefined> {
  const revision = textAt(live, ["metadata", "annotations", REVISION]);
  if (revision === undefined) return undefined;
  const kind = { apiVersion: "apps/v1", kind: "ReplicaSet" };
  const replicaSets = await cluster.list(kind, live.metadata.namespace);
  return replicaSets.find(
    (replicaSet) =>
      replicaSet.metadata.annotations?.[REVISION] === revision &&
      listAt(replicaSet, ["metadata", "ownerReferences"]).some(
        ({ uid }) => uid === live.metadata.uid,
      ),
  );
}
