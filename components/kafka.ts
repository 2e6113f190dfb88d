import { Provider, Topic } from "@pulumi/kafka";
import { apps, core } from "@pulumi/kubernetes";
import {
  all,
  ComponentResource,
  type ComponentResourceOptions,
  type Input,
  type Output,
  type Resource,
} from "@pulumi/pulumi";

import { oneAtATime } from "./helpers/disruption.ts";
import { dataClaim, labels, podTemplate, type Resources, service } from "./helpers/pod.ts";
import { properties } from "./helpers/properties.ts";
import type { Quantity } from "./helpers/quantity.ts";
import { kafkaGreeting, reachable } from "./helpers/reachable.ts";
import { ourEntrypoint } from "./helpers/upstream-image.ts";

/** Where clients find Kafka, known once all topics exist. */
export interface KafkaConnection {
  /** `host:port` inside of the cluster, which leads to any broker. */
  readonly bootstrapServers: Output<string>;
}

/** Where Kafka will be found, known from the start: for a client that can wait by itself. */
export interface KafkaAddress {
  /** `host:port` inside of the cluster, which leads to any broker. */
  readonly address: string;
}

/** What it takes to make more topics, for the components that need their own. */
export interface TopicAdministration {
  readonly provider: Provider;
  /** Whoever deletes the brokers deletes their topics. */
  readonly deletedWith: Resource;
  readonly brokers: 1 | 3;
  /** Partitions of a topic that several tasks read. */
  readonly partitions: number;
}

export interface TopicArgs {
  readonly name: string;
  /** @default those of the other topics */
  readonly partitions?: number;
  /** Keeps the last message of each key for good, instead of every one for a week. @default false */
  readonly isCompacted?: boolean;
}

/** Size of a node. */
export interface KafkaSize {
  readonly heapOptions: string;
  readonly resources: Resources;
}

const laptop: KafkaSize = {
  heapOptions: "-Xms256m -Xmx384m",
  // The heap, some 150Mi of the JVM's own, and page cache, which reads come from.
  resources: { cpu: "100m", memory: "448Mi", memoryLimit: "640Mi" },
};

export interface KafkaArgs {
  readonly namespace: Input<string>;
  readonly image: string;
  /** Number of nodes, each broker and controller. Fixed once the cluster exists. */
  readonly brokers: 1 | 3;
  /** Partitions of each topic. Can be raised later, never lowered. */
  readonly partitions: number;
  /** NodePort of broker 0; broker n has this plus n. */
  readonly nodePort: number;
  /** The port on this machine that leads to `nodePort`; those of the other brokers follow it. */
  readonly hostPort: number;
  /** Volume of each node. */
  readonly storage: Quantity;
  /** Whether `image` is the project's own. @default false, it is built from images/kafka */
  readonly isUpstreamImage?: boolean;
  /** @default that of a laptop */
  readonly size?: KafkaSize | undefined;
}

/** Topics of events; each has a dead letter topic `<topic>.dlq` beside it. */
export const eventTopics = [
  "orders",
  "clicks",
  "errors",
  "training_data_streaming",
  "testing_data_streaming",
] as const;

/** Where apps/notifier puts alerts that it cannot deliver. Alerts themselves are rows of a table. */
const alertDeadLetters = "alerts.dlq";

/**
 * Identity of the cluster, by which a node refuses to join with another one's volume: 16 bytes in
 * base64url, as Kafka wants it. It is the same in every deployment, since each has one Kafka.
 */
const clusterId = Buffer.from("lakehouse.kafka0").toString("base64url");

/** Kafka in KRaft mode, reached from pods at kafka:9092 and from this machine broker by broker. */
export class Kafka extends ComponentResource implements KafkaConnection, KafkaAddress {
  readonly address: string;
  readonly bootstrapServers: Output<string>;
  readonly topicAdministration: TopicAdministration;

  constructor(name: string, args: KafkaArgs, opts?: ComponentResourceOptions) {
    super("lakehouse:streaming:Kafka", name, {}, opts);
    this.address = `${name}:9092`;
    createServices(name, args, this);
    const nodes = createNodes(name, args, this);
    if (args.brokers > 1) oneAtATime(name, args.namespace, this);
    const provider = new Provider(
      name,
      {
        bootstrapServers: [reachable(nodes.id, args.hostPort, kafkaGreeting)],
        // Said outright, because the provider's own default is true.
        tlsEnabled: false,
      },
      { parent: this },
    );
    const { brokers, partitions } = args;
    this.topicAdministration = { provider, deletedWith: nodes, brokers, partitions };
    const names = [...eventTopics.flatMap((topic) => [topic, `${topic}.dlq`]), alertDeadLetters];
    const topics = names.map((topic) =>
      createTopic(name, { name: topic }, this.topicAdministration, this),
    );
    this.bootstrapServers = all(topics.map((topic) => topic.name)).apply(() => this.address);
    this.registerOutputs({ bootstrapServers: this.bootstrapServers });
  }
}

/** Makes a topic; `component` begins its logical name. */
export function createTopic(
  component: string,
  { name, partitions, isCompacted = false }: TopicArgs,
  administration: TopicAdministration,
  parent: Resource,
): Topic {
  const { provider, deletedWith, brokers } = administration;
  return new Topic(
    `${component}-${name}`,
    {
      name,
      partitions: partitions ?? administration.partitions,
      replicationFactor: brokers,
      config: topicSettings(brokers, isCompacted),
    },
    { parent, provider, deletedWith },
  );
}

/** Names inside of the cluster, and one NodePort a broker, since clients talk to each by itself. */
function createServices(name: string, args: KafkaArgs, parent: Resource): void {
  const add = (serviceName: string, spec: Parameters<typeof service>[2]) =>
    new core.v1.Service(serviceName, service(args.namespace, serviceName, spec), { parent });

  add(name, { selector: labels(name), ports: [{ name: "kafka", port: 9092 }] });
  add(`${name}-headless`, {
    clusterIP: "None",
    // Nodes must find each other before any of them can be ready.
    publishNotReadyAddresses: true,
    selector: labels(name),
    ports: [
      { name: "kafka", port: 9092 },
      { name: "controller", port: 9093 },
    ],
  });
  for (let broker = 0; broker < args.brokers; broker++) {
    const pod = `${name}-${broker}`;
    add(pod, {
      type: "NodePort",
      selector: { "statefulset.kubernetes.io/pod-name": pod },
      ports: [{ name: "external", port: 9094, nodePort: args.nodePort + broker }],
    });
  }
}

function createNodes(name: string, args: KafkaArgs, parent: Resource): apps.v1.StatefulSet {
  const { namespace, size = laptop } = args;
  const config = new core.v1.ConfigMap(
    name,
    {
      metadata: { namespace, labels: labels(name) },
      data: { "server.properties": properties(serverSettings(args.brokers)) },
    },
    { parent },
  );
  // Logging is set up in the folder where the entrypoint looks for it.
  const entrypoint = {
    image: "kafka",
    files: ["log4j2.properties"],
    path: "/opt/kafka/config",
  };
  const start = args.isUpstreamImage && ourEntrypoint(name, entrypoint, namespace, parent);
  return new apps.v1.StatefulSet(
    name,
    {
      metadata: { name, namespace, labels: labels(name) },
      spec: {
        serviceName: `${name}-headless`,
        replicas: args.brokers,
        // A quorum needs its nodes at once, not one after the other.
        podManagementPolicy: "Parallel",
        selector: { matchLabels: labels(name) },
        template: podTemplate(name, {
          ...start,
          image: args.image,
          env: {
            KAFKA_CLUSTER_ID: clusterId,
            KAFKA_HEADLESS_SERVICE: `${name}-headless`,
            KAFKA_REPLICAS: String(args.brokers),
            KAFKA_EXTERNAL_HOST: "localhost",
            KAFKA_EXTERNAL_PORT_BASE: String(args.hostPort),
            KAFKA_HEAP_OPTS: size.heapOptions,
          },
          ports: { kafka: 9092, controller: 9093, external: 9094 },
          probe: { port: 9092 },
          resources: size.resources,
          files: {
            config: { path: "/etc/kafka", configMap: config.metadata.name },
            ...(start && start.files),
          },
          dataPath: "/var/lib/kafka/data",
          // A controlled shutdown writes everything out, which spares the next start a recovery.
          gracePeriodSeconds: 60,
        }),
        volumeClaimTemplates: [dataClaim(args.storage)],
      },
    },
    { parent },
  );
}

/** What all nodes have in common; the image adds what depends on a node's number. */
function serverSettings(brokers: number): Record<string, string | number | boolean> {
  return {
    "process.roles": "broker,controller",
    "controller.listener.names": "CONTROLLER",
    "inter.broker.listener.name": "INTERNAL",
    "listener.security.protocol.map": "INTERNAL:PLAINTEXT,CONTROLLER:PLAINTEXT,EXTERNAL:PLAINTEXT",
    // A misspelt topic is an error, not a new topic.
    "auto.create.topics.enable": false,
    "default.replication.factor": brokers,
    "min.insync.replicas": minInSyncReplicas(brokers),
    "offsets.topic.replication.factor": brokers,
    "transaction.state.log.replication.factor": brokers,
    "transaction.state.log.min.isr": minInSyncReplicas(brokers),
    "share.coordinator.state.topic.replication.factor": brokers,
    "share.coordinator.state.topic.min.isr": minInSyncReplicas(brokers),
    // The default of 50 costs a small broker more files than all its data.
    "offsets.topic.num.partitions": 4,
    "transaction.state.log.num.partitions": 4,
    // The first consumer of a group need not wait for others.
    "group.initial.rebalance.delay.ms": 0,
  };
}

function topicSettings(brokers: number, isCompacted: boolean): Record<string, string> {
  const inSync = { "min.insync.replicas": String(minInSyncReplicas(brokers)) };
  if (isCompacted) return { "cleanup.policy": "compact", ...inSync };
  return {
    "cleanup.policy": "delete",
    ...inSync,
    // Events are in their table seconds later; a week is for a stream that stands still.
    "retention.ms": String(7 * 24 * 60 * 60 * 1000),
  };
}

/** With three nodes one may be lost without losing or refusing a write. */
function minInSyncReplicas(brokers: number): number {
  return brokers === 3 ? 2 : 1;
}
