import { apps, core } from "@pulumi/kubernetes";
import { ComponentResource, type ComponentResourceOptions, type Input } from "@pulumi/pulumi";

import { partUser } from "./helpers/credentials.ts";
import { labels, podTemplate, service } from "./helpers/pod.ts";
import type { KafkaConnection } from "./kafka.ts";
import { versions } from "./versions.ts";

export interface KafkaUiArgs {
  readonly namespace: Input<string>;
  readonly nodePort: number;
  readonly kafka: KafkaConnection;
}

/**
 * The web page of Kafbat UI for topics, messages and consumer groups. It only shows: topics are made
 * and changed by this program. Who looks must know the generated password.
 */
export class KafkaUi extends ComponentResource {
  constructor(name: string, args: KafkaUiArgs, opts?: ComponentResourceOptions) {
    super("lakehouse:apps:KafkaUi", name, {}, opts);
    const { namespace } = args;
    const { secret } = partUser(name, namespace, this);
    new core.v1.Service(
      name,
      service(namespace, name, {
        type: "NodePort",
        selector: labels(name),
        ports: [{ name: "http", port: 8080, nodePort: args.nodePort }],
      }),
      { parent: this },
    );
    new apps.v1.Deployment(
      name,
      {
        metadata: { name, namespace, labels: labels(name) },
        spec: {
          selector: { matchLabels: labels(name) },
          template: podTemplate(name, {
            image: `ghcr.io/kafbat/kafka-ui:${versions.kafkaUi}`,
            env: {
              JAVA_OPTS: "-Xms128m -Xmx320m -XX:+UseSerialGC",
              KAFKA_CLUSTERS_0_NAME: "lakehouse",
              KAFKA_CLUSTERS_0_BOOTSTRAPSERVERS: args.kafka.bootstrapServers,
              KAFKA_CLUSTERS_0_READONLY: "true",
              AUTH_TYPE: "LOGIN_FORM",
            },
            secretEnv: {
              SPRING_SECURITY_USER_NAME: { secret, key: "username" },
              SPRING_SECURITY_USER_PASSWORD: { secret, key: "password" },
            },
            ports: { http: 8080 },
            probe: { port: 8080, ready: "/actuator/health", startSeconds: 300 },
            // The heap and some 250Mi for the classes of Spring, compiled code and threads.
            resources: { cpu: "50m", memory: "384Mi", memoryLimit: "640Mi" },
          }),
        },
      },
      { parent: this },
    );
    this.registerOutputs();
  }
}
