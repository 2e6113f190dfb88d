import { apps, core } from "@pulumi/kubernetes";
import { ComponentResource, type ComponentResourceOptions, type Input } from "@pulumi/pulumi";

import { labels, podTemplate } from "./helpers/pod.ts";
import type { KafkaConnection } from "./kafka.ts";
import type { QueryConnection } from "./query-engine.ts";
import type { RedisConnection } from "./redis.ts";

export interface NotifierArgs {
  readonly namespace: Input<string>;
  readonly image: string;
  /** Where the alerts are read. */
  readonly query: QueryConnection;
  /** For alerts that cannot be delivered. */
  readonly kafka: KafkaConnection;
  /** Where it remembers what was delivered. */
  readonly redis: RedisConnection;
  /** URL that alerts are sent to, a secret. */
  readonly webhook: Input<string>;
  /** What is sent. @default "json" */
  readonly format?: "json" | "slack";
}

/** Delivers alerts to a webhook. */
export class Notifier extends ComponentResource {
  constructor(name: string, args: NotifierArgs, opts?: ComponentResourceOptions) {
    super("lakehouse:apps:Notifier", name, {}, opts);
    const { namespace, query, redis } = args;
    const webhook = new core.v1.Secret(
      name,
      { metadata: { name: `${name}-webhook`, namespace }, stringData: { url: args.webhook } },
      { parent: this },
    );
    new apps.v1.Deployment(
      name,
      {
        metadata: { name, namespace, labels: labels(name) },
        spec: {
          // Two at a time would deliver twice.
          strategy: { type: "Recreate" },
          selector: { matchLabels: labels(name) },
          template: podTemplate(name, {
            image: args.image,
            args: ["/app/notifier.mjs"],
            env: environment(args),
            ports: { http: 8080 },
            probe: { port: 8080, ready: "/readyz", live: "/healthz" },
            resources: { cpu: "10m", memory: "64Mi", memoryLimit: "160Mi" },
            files: {
              query: { path: "/run/secrets/query", secret: query.credentialsSecret },
              redis: { path: "/run/secrets/redis", secret: redis.credentialsSecret },
              webhook: { path: "/run/secrets/webhook", secret: webhook.metadata.name },
            },
          }),
        },
      },
      { parent: this },
    );
    this.registerOutputs();
  }
}

/** A notifier, if there is a webhook to notify. */
export function createNotifier(
  name: string,
  {
    webhook,
    ...args
  }: Omit<NotifierArgs, "webhook"> & { readonly webhook: Input<string> | undefined },
): Notifier | undefined {
  return webhook === undefined ? undefined : new Notifier(name, { webhook, ...args });
}

function environment({ query, kafka, redis, format = "json" }: NotifierArgs) {
  return {
    PORT: "8080",
    FLIGHT_ADDRESS: query.address,
    FLIGHT_USER_FILE: "/run/secrets/query/username",
    FLIGHT_PASSWORD_FILE: "/run/secrets/query/password",
    REDIS_ADDRESS: redis.address,
    REDIS_USER_FILE: "/run/secrets/redis/username",
    REDIS_PASSWORD_FILE: "/run/secrets/redis/password",
    KAFKA_BROKERS: kafka.bootstrapServers,
    WEBHOOK_URL_FILE: "/run/secrets/webhook/url",
    WEBHOOK_FORMAT: format,
  };
}
