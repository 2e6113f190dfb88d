/** An amount of memory or storage as Kubernetes writes it. */
export type Quantity = `${number}${"Mi" | "Gi" | "Ti"}`;

/** A share of CPU time: 1000m is one core. */
export type MilliCpu = `${number}m`;
