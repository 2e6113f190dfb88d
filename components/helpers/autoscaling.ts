import { autoscaling } from "@pulumi/kubernetes";
import type { Input, Resource } from "@pulumi/pulumi";

import { labels } from "./pod.ts";

/** Replicas below which an autoscaled Deployment does not go, so that one may be lost. */
export const minReplicas = 2;

/**
 * Lets a Deployment of the same name have as many replicas as its CPU time asks for. The cluster
 * needs metrics-server.
 * @param maxReplicas at least `minReplicas`.
 */
export function scaledByCpu(
  name: string,
  namespace: Input<string>,
  maxReplicas: number,
  parent: Resource,
): void {
  new autoscaling.v2.HorizontalPodAutoscaler(
    name,
    {
      metadata: { name, namespace, labels: labels(name) },
      spec: {
        scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name },
        minReplicas,
        maxReplicas,
        metrics: [
          {
            type: "Resource",
            resource: { name: "cpu", target: { type: "Utilization", averageUtilization: 70 } },
          },
        ],
      },
    },
    { parent },
  );
}
