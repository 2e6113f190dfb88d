import type { Cluster } from "./cluster.ts";
import { conditionOf, isConditionTrue, listAt, textAt } from "./objects.ts";
import type { LiveObject } from "./objects.ts";

/** What to do about the conditions under which a node takes no pods and evicts some of its own. */
const CURES: Readonly<Record<string, string>> = {
  DiskPressure: "free space on its disk",
  MemoryPressure: "free memory on it",
  PIDPressure: "end processes on it",
};

/** What keeps nodes from running pods, a phrase for each; empty if nothing does or nobody may ask. */
export async function ailingNodes(cluster: Cluster): Promise<string[]> {
  const kind = { apiVersion: "v1", kind: "Node" };
  // Nodes are the cluster's: who may make pods in a namespace may not be allowed to see them.
  const nodes = await cluster.list(kind, undefined).catch(() => []);
  return nodes.flatMap(ailmentsOf);
}

function ailmentsOf(node: LiveObject): string[] {
  const name = `Node ${node.metadata.name}`;
  const pressures = listAt(node, ["status", "conditions"]).flatMap((condition) => {
    const type = textAt(condition, ["type"]) ?? "";
    const cure = CURES[type];
    if (cure === undefined || condition["status"] !== "True") return [];
    return [`${name} has ${type} (${textAt(condition, ["message"]) ?? "no message"}): ${cure}`];
  });
  if (isConditionTrue(node, "Ready")) return pressures;
  const message = textAt(conditionOf(node, "Ready"), ["message"]) ?? "no message";
  return [...pressures, `${name} is not ready: ${message}`];
}
