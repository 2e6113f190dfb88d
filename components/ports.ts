import type { Input } from "@pulumi/pulumi";

/**
 * Ports on the cluster's nodes through which this machine reaches the platform. They are fixed,
 * because a kind cluster maps its ports when it is made.
 */
export const nodePorts = {
  /** Of broker 0; broker n has this plus n. */
  kafka: 30092,
  minio: 30900,
  postgres: 30432,
  redis: 30379,
  nessie: 30120,
  query: 32010,
  dashboard: 30080,
  sparkUi: 30040,
  /** Of parts that are off by default. */
  kafkaUi: 30081,
  airflow: 30088,
  notebook: 30888,
} as const;

/**
 * Addresses on this machine; `hostPort` maps a NodePort to the port here.
 * @param dashboardHost name of the dashboard in the DNS. @default it is reached like the rest
 */
export function endpoints(
  hostPort: (nodePort: number) => number,
  dashboardHost?: string,
): Record<string, string> {
  const address = (part: keyof typeof nodePorts) => `localhost:${hostPort(nodePorts[part])}`;
  return {
    dashboard:
      dashboardHost === undefined ? `http://${address("dashboard")}` : `https://${dashboardHost}`,
    query: `grpc://${address("query")}`,
    kafka: address("kafka"),
    minio: `http://${address("minio")}`,
    nessie: `http://${address("nessie")}`,
    postgres: `postgresql://${address("postgres")}/lakehouse`,
    redis: `redis://${address("redis")}`,
    sparkUi: `http://${address("sparkUi")}`,
  };
}

/** Where a component runs, what it is made of, and how this machine reaches it. */
export interface Placement<Image = string> {
  readonly namespace: Input<string>;
  readonly image: Image;
  readonly nodePort: number;
  /** The port on this machine that leads to `nodePort`. */
  readonly hostPort: number;
}

/** Makes the placements of one namespace; `hostPort` maps a NodePort to the port here. */
export function placement(namespace: Input<string>, hostPort: (nodePort: number) => number) {
  return <Image>(image: Image, nodePort: number): Placement<Image> => ({
    namespace,
    image,
    nodePort,
    hostPort: hostPort(nodePort),
  });
}
