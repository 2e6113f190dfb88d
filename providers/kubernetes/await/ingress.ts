import { listAt, textAt } from "../objects.ts";
import type { LiveObject } from "../objects.ts";
import { MINUTES, ready, waiting } from "./readiness.ts";
import type { Awaiter, Readiness } from "./readiness.ts";
import type { Cluster } from "../cluster.ts";

/** Ready when it has an address and the services it leads to exist. */
export const ingress: Awaiter = { timeoutMs: 10 * MINUTES, begin: () => look };

async function look(live: LiveObject, cluster: Cluster): Promise<Readiness> {
  const { namespace } = live.metadata;
  const services = listAt(live, ["spec", "rules"])
    .flatMap((rule) => listAt(rule, ["http", "paths"]))
    .map((path) => textAt(path, ["backend", "service", "name"]))
    .filter((name) => name !== undefined);
  for (const name of new Set(services)) {
    const service = await cluster.get({ apiVersion: "v1", kind: "Service", namespace, name });
    if (service === undefined) return waiting(`there is no service ${name} to lead to`);
  }
  return listAt(live, ["status", "loadBalancer", "ingress"]).length > 0
    ? ready
    : waiting("no controller has assigned an address yet");
}
