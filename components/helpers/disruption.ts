import { policy } from "@pulumi/kubernetes";
import type { Input, Resource } from "@pulumi/pulumi";

import { labels } from "./pod.ts";

/**
 * Lets a drain take one replica of a workload at a time. Only for workloads with several: one that
 * stands alone would never be let go.
 */
export function oneAtATime(name: string, namespace: Input<string>, parent: Resource): void {
  new policy.v1.PodDisruptionBudget(
    name,
    {
      metadata: { name, namespace, labels: labels(name) },
      spec: { maxUnavailable: 1, selector: { matchLabels: labels(name) } },
    },
    { parent },
  );
}
