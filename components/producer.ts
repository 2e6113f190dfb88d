import { apps } from "@pulumi/kubernetes";
import { ComponentResource, type ComponentResourceOptions, type Input } from "@pulumi/pulumi";

import { labels, podTemplate } from "./helpers/pod.ts";
import type { KafkaConnection } from "./kafka.ts";

export interface ProducerArgs {
  readonly namespace: Input<string>;
  readonly image: string;
  readonly kafka: KafkaConnection;
  /** Events per second, averaged over a day. */
  readonly rate: number;
}

/** A made-up shop that sends orders, clicks and errors without end. */
export class Producer extends ComponentResource {
  constructor(name: string, args: ProducerArgs, opts?: ComponentResourceOptions) {
    super("lakehouse:apps:Producer", name, {}, opts);
    new apps.v1.Deployment(
      name,
      {
        metadata: { name, namespace: args.namespace, labels: labels(name) },
        spec: {
          // Two at a time would send at twice the rate.
          strategy: { type: "Recreate" },
          selector: { matchLabels: labels(name) },
          template: podTemplate(name, {
            image: args.image,
            args: ["/app/producer.mjs", "generate"],
            env: { KAFKA_BROKERS: args.kafka.bootstrapServers, RATE: String(args.rate) },
            ports: { http: 8080 },
            probe: { port: 8080, ready: "/readyz", live: "/healthz" },
            resources: { cpu: "30m", memory: "64Mi", memoryLimit: "160Mi" },
          }),
        },
      },
      { parent: this },
    );
    this.registerOutputs();
  }
}
