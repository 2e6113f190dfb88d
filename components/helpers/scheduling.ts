import type { types } from "@pulumi/kubernetes";

type PodSpec = types.input.core.v1.PodSpec;

/** A taint that pods bear, as Kubernetes writes it. */
export interface Toleration {
  readonly key: string;
  /** `Exists` bears every value of the key. */
  readonly operator: "Equal" | "Exists";
  readonly value?: string;
  readonly effect: "NoSchedule" | "PreferNoSchedule" | "NoExecute";
}

/** On which nodes pods may run. */
export interface Scheduling {
  /** Labels that a node must have. */
  readonly nodeSelector: Readonly<Record<string, string>>;
  /** Taints that a node may have. */
  readonly tolerations: readonly Toleration[];
}

/** Whether there is anything to say about where pods run. */
export function isRestricted({ nodeSelector, tolerations }: Scheduling): boolean {
  return Object.keys(nodeSelector).length > 0 || tolerations.length > 0;
}

/** What a pod, or a Helm chart for its pods, is told about its nodes. */
export function nodeChoice({ nodeSelector, tolerations }: Scheduling): Record<string, unknown> {
  return {
    ...(Object.keys(nodeSelector).length > 0 && { nodeSelector }),
    ...(tolerations.length > 0 && { tolerations }),
  };
}

/**
 * Spreads the replicas of a workload over zones and nodes. Zones are a wish, since a volume cannot
 * leave its own; so are nodes, unless `isQuorum`: then a node takes no second replica while another
 * has none.
 */
export function spread(
  matchLabels: unknown,
  isQuorum: boolean,
): NonNullable<PodSpec["topologySpreadConstraints"]> {
  const over = (topologyKey: string, whenUnsatisfiable: "DoNotSchedule" | "ScheduleAnyway") => ({
    maxSkew: 1,
    topologyKey,
    whenUnsatisfiable,
    labelSelector: { matchLabels: matchLabels as Record<string, string> },
  });
  return [
    over("topology.kubernetes.io/zone", "ScheduleAnyway"),
    over("kubernetes.io/hostname", isQuorum ? "DoNotSchedule" : "ScheduleAnyway"),
  ];
}
