import { apps, core } from "@pulumi/kubernetes";
import {
  all,
  ComponentResource,
  type ComponentResourceOptions,
  type Input,
  interpolate,
  type Output,
  type Resource,
} from "@pulumi/pulumi";

import { labels, podTemplate, service } from "./helpers/pod.ts";
import { properties } from "./helpers/properties.ts";
import { createTopic, type KafkaConnection, type TopicAdministration } from "./kafka.ts";

export interface KafkaConnectArgs {
  readonly namespace: Input<string>;
  readonly image: string;
  readonly kafka: KafkaConnection & { readonly topicAdministration: TopicAdministration };
  /** Secret whose entries connectors may name, as `${directory:/run/secrets/connector:KEY}`. */
  readonly connectorSecret: Input<string>;
}

/** Where connectors find the entries of their Secret. */
export const connectorSecretPath = "/run/secrets/connector";

/**
 * Kafka Connect with one worker. Its connectors and how far they are is kept in Kafka, so that a
 * worker that takes the place of another goes on where that one was.
 */
export class KafkaConnect extends ComponentResource {
  /** Base address of the REST API inside of the cluster, known once it answers. */
  readonly url: Output<string>;

  constructor(name: string, args: KafkaConnectArgs, opts?: ComponentResourceOptions) {
    super("lakehouse:streaming:KafkaConnect", name, {}, opts);
    const { namespace } = args;
    new core.v1.Service(
      name,
      service(namespace, name, {
        selector: labels(name),
        ports: [{ name: "rest", port: 8083 }],
      }),
      { parent: this },
    );
    const worker = new apps.v1.Deployment(
      name,
      {
        metadata: { name, namespace, labels: labels(name) },
        spec: {
          // The old worker must have let go of its connectors before the new one takes them.
          strategy: { type: "Recreate" },
          selector: { matchLabels: labels(name) },
          template: podTemplate(name, {
            image: args.image,
            // Serial: the smallest collector, and the fastest to start, for a heap of this size.
            env: { JAVA_TOOL_OPTIONS: "-Xms128m -Xmx256m -XX:+UseSerialGC" },
            ports: { rest: 8083 },
            // Without Kafka it is not healthy, and to start it again would not help.
            probe: { port: 8083, ready: "/health", live: "/" },
            // The heap and some 200Mi for classes, compiled code and threads.
            resources: { cpu: "20m", memory: "320Mi", memoryLimit: "512Mi" },
            files: {
              config: { path: "/etc/kafka-connect", configMap: createConfig(name, args, this) },
              connector: { path: connectorSecretPath, secret: args.connectorSecret },
            },
          }),
        },
      },
      { parent: this },
    );
    this.url = interpolate`http://${worker.metadata.name}:8083`;
    this.registerOutputs({ url: this.url });
  }
}

/** The worker's configuration, which is known once its topics exist. */
function createConfig(
  name: string,
  { namespace, kafka }: KafkaConnectArgs,
  parent: Resource,
): Output<string> {
  const topic = (role: string, partitions: number) =>
    createTopic(
      name,
      { name: `${name}-${role}`, partitions, isCompacted: true },
      kafka.topicAdministration,
      parent,
    ).name;
  const config = new core.v1.ConfigMap(
    name,
    {
      metadata: { namespace, labels: labels(name) },
      data: {
        "worker.properties": all({
          "bootstrap.servers": kafka.bootstrapServers,
          // Connect wants all of its configuration in one order, and thus in one partition.
          "config.storage.topic": topic("configs", 1),
          "offset.storage.topic": topic("offsets", 1),
          "status.storage.topic": topic("status", 1),
        }).apply((known) => properties({ "group.id": name, ...known, ...settings })),
      },
    },
    { parent },
  );
  return config.metadata.name;
}

const settings = {
  listeners: "http://:8083",
  // Every topic is of the program's making, with its number of partitions and its copies.
  "topic.creation.enable": false,
  "key.converter": "org.apache.kafka.connect.json.JsonConverter",
  "key.converter.schemas.enable": false,
  "value.converter": "org.apache.kafka.connect.json.JsonConverter",
  // The schema would be a dozen times the size of a change, in every message.
  "value.converter.schemas.enable": false,
  // What came after the last flush is sent again when the worker was killed.
  "offset.flush.interval.ms": 5000,
  // By default the work of a worker that went waits five minutes for it to come back.
  "scheduled.rebalance.max.delay.ms": 0,
  // Every plugin of the image says what it has: there is no need to look through all classes.
  "plugin.discovery": "service_load",
  // So that a connector's configuration, which everyone can read, need hold no password.
  "config.providers": "directory",
  "config.providers.directory.class":
    "org.apache.kafka.common.config.provider.DirectoryConfigProvider",
  "config.providers.directory.param.allowed.paths": connectorSecretPath,
} as const;
