import type { Cluster } from "../cluster.ts";
import { listAt, textAt, valueAt } from "../objects.ts";
import type { LiveObject } from "../objects.ts";
import { isProperties } from "../../runtime/values.ts";
import { MINUTES, ready, waiting } from "./readiness.ts";
import type { Awaiter, Look, Readiness } from "./readiness.ts";

/** How long a selector that matches no pod stays without one before that is taken as meant. */
const SETTLED_AFTER_MS = 10_000;

/**
 * Ready when no endpoint is pending (at least one is there, or none comes for a while) and a load
 * balancer has an address. Services without a selector or a cluster address have nothing to wait for.
 */
export const service: Awaiter = { timeoutMs: 10 * MINUTES, begin: watchEndpoints };

function watchEndpoints(): Look {
  const since = Date.now();
  return async (live, cluster): Promise<Readiness> => {
    const type = textAt(live, ["spec", "type"]);
    if (
      type === "LoadBalancer" &&
      listAt(live, ["status", "loadBalancer", "ingress"]).length === 0
    ) {
      return waiting("no address was assigned to the load balancer yet");
    }
    const selector = valueAt(live, ["spec", "selector"]);
    const hasPods = isProperties(selector) && Object.keys(selector).length > 0;
    if (type === "ExternalName" || textAt(live, ["spec", "clusterIP"]) === "None" || !hasPods) {
      return ready;
    }
    const { available, pending } = await countEndpoints(live, cluster);
    if (pending > 0) return waiting(`${pending} of its pods are not ready`);
    if (available > 0 || Date.now() - since >= SETTLED_AFTER_MS) return ready;
    return waiting("no pod matches the selector yet");
  };
}

export async function countEndpoints(
  live: LiveObject,
  cluster: Cluster,
): Promise<{ available: number; pending: number }> {
  const slices = await cluster.list(
    { apiVersion: "discovery.k8s.io/v1", kind: "EndpointSlice" },
    live.metadata.namespace,
    { labelSelector: `kubernetes.io/service-name=${live.metadata.name}` },
  );
  const conditions = slices
    .flatMap((slice) => listAt(slice, ["endpoints"]))
    .map((endpoint) => endpoint["conditions"])
    .filter(isProperties)
    .filter(({ terminating }) => terminating !== true);
  // The API leaves `ready` out when it does not know; that counts as ready.
  const pending = conditions.filter((condition) => condition["ready"] === false).length;
  return { available: conditions.length - pending, pending };
}
