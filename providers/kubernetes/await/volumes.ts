import type { Cluster } from "../cluster.ts";
import { textAt } from "../objects.ts";
import type { LiveObject } from "../objects.ts";
import { MINUTES, ready, waiting } from "./readiness.ts";
import type { Awaiter, Readiness } from "./readiness.ts";

/** Ready when bound; a claim that only binds to its first user is ready as it is. */
export const volumeClaim: Awaiter = {
  timeoutMs: 5 * MINUTES,
  begin:
    ({ isNew }) =>
    async (live, cluster): Promise<Readiness> => {
      const phase = textAt(live, ["status", "phase"]);
      if (phase === "Bound") return ready;
      if (phase === "Pending" && isNew && (await bindsToFirstUser(live, cluster))) return ready;
      return waiting(`the claim is ${phase?.toLowerCase() ?? "new"}, not bound to a volume`);
    },
};

async function bindsToFirstUser(live: LiveObject, cluster: Cluster): Promise<boolean> {
  const name = textAt(live, ["spec", "storageClassName"]);
  if (name === undefined || name === "") return false;
  const kind = { apiVersion: "storage.k8s.io/v1", kind: "StorageClass" };
  const storageClass = await cluster.get({ ...kind, namespace: undefined, name });
  return textAt(storageClass, ["volumeBindingMode"]) === "WaitForFirstConsumer";
}

/** Ready when it can be claimed, or is. */
export const volume: Awaiter = {
  timeoutMs: 5 * MINUTES,
  begin: () => (live) => {
    const phase = textAt(live, ["status", "phase"]);
    if (phase === "Available" || phase === "Bound") return ready;
    return waiting(`the volume is ${phase?.toLowerCase() ?? "new"}`);
  },
};
