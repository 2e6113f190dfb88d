import { type Input, type Output, output } from "@pulumi/pulumi";

import type { LakehouseConfig } from "./config.ts";
import { endpoints, nodePorts } from "./ports.ts";

/** Where a part listens in the cluster, and who may sign in to it. */
interface Entrance {
  readonly service: string;
  readonly port: number;
  /** The NodePort that leads to it. */
  readonly nodePort: number;
  /** Secret with user and password, or with a token. @default none, nobody need sign in */
  readonly secret?: string;
}

/** What a deployment says of itself. Nothing of it is secret. */
export interface Access {
  /** Addresses on a machine whose ports lead to the NodePorts. */
  readonly endpoints: Readonly<Record<string, string>>;
  /** Commands that make the same addresses lead to a cluster whose ports do not. */
  readonly portForward: Output<Record<string, string>>;
  /** Names of the Secrets that hold the logins. */
  readonly secrets: Readonly<Record<string, string>>;
}

/** How the parts that a stack has are reached from this machine. */
export function access(
  namespace: Input<string>,
  config: Pick<LakehouseConfig, "hostPort" | "kafka" | "dashboard" | "chosen">,
): Access {
  const { hostPort } = config;
  const parts = Object.entries(entrances(config));
  const forward = (name: string, { service, port, nodePort }: Entrance) =>
    `kubectl -n ${name} port-forward svc/${service} ${hostPort(nodePort)}:${port}`;
  return {
    endpoints: endpoints(hostPort, config.dashboard.ingress?.host),
    portForward: output(namespace).apply((name) =>
      Object.fromEntries(parts.map(([part, entrance]) => [part, forward(name, entrance)])),
    ),
    secrets: Object.fromEntries(
      parts.flatMap(([part, { secret }]) => (secret === undefined ? [] : [[part, secret]])),
    ),
  };
}

function entrances({
  kafka,
  dashboard,
  chosen,
}: Pick<LakehouseConfig, "kafka" | "dashboard" | "chosen">): Record<string, Entrance> {
  return {
    dashboard: {
      ...{ service: "dashboard", port: 8080, nodePort: nodePorts.dashboard },
      ...(dashboard.auth !== "none" && { secret: "dashboard-user" }),
    },
    query: {
      ...{ service: "query", port: 32010, nodePort: nodePorts.query },
      secret: "query-user",
    },
    ...brokers(kafka.brokers),
    minio: {
      ...{ service: "minio", port: 9000, nodePort: nodePorts.minio },
      secret: "minio-root",
    },
    nessie: { service: "nessie", port: 19120, nodePort: nodePorts.nessie },
    postgres: {
      ...{ service: "postgres", port: 5432, nodePort: nodePorts.postgres },
      secret: "postgres-lakehouse",
    },
    redis: { service: "redis", port: 6379, nodePort: nodePorts.redis, secret: "redis" },
    sparkUi: { service: "streaming-ui", port: 4040, nodePort: nodePorts.sparkUi },
    ...(chosen.kafkaUi && {
      kafkaUi: {
        ...{ service: "kafka-ui", port: 8080, nodePort: nodePorts.kafkaUi },
        secret: "kafka-ui-user",
      },
    }),
    ...(chosen.airflow && {
      airflow: {
        ...{ service: "airflow", port: 8080, nodePort: nodePorts.airflow },
        secret: "airflow-user",
      },
    }),
    ...(chosen.notebook && {
      notebook: {
        ...{ service: "notebook", port: 8888, nodePort: nodePorts.notebook },
        secret: "notebook-token",
      },
    }),
  };
}

/** A client talks to each broker by itself: `kafka`, `kafka1` and so on. */
function brokers(count: number): Record<string, Entrance> {
  return Object.fromEntries(
    Array.from({ length: count }, (_, broker) => [
      broker === 0 ? "kafka" : `kafka${broker}`,
      { service: `kafka-${broker}`, port: 9094, nodePort: nodePorts.kafka + broker },
    ]),
  );
}
