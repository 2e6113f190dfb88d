import { apps, core } from "@pulumi/kubernetes";
import {
  ComponentResource,
  type ComponentResourceOptions,
  type Input,
  interpolate,
  type Output,
} from "@pulumi/pulumi";

import { credentials } from "./helpers/credentials.ts";
import { dataClaim, labels, podTemplate, service } from "./helpers/pod.ts";
import type { Quantity } from "./helpers/quantity.ts";

/** Where clients find the online store. */
export interface RedisConnection {
  /** `host:port` inside of the cluster. */
  readonly address: Output<string>;
  /** Secret with `password`. */
  readonly credentialsSecret: Output<string>;
}

export interface RedisArgs {
  readonly namespace: Input<string>;
  readonly image: string;
  readonly nodePort: number;
  readonly storage: Quantity;
}

/** The online store of features: Valkey, which speaks Redis' protocol. */
export class Redis extends ComponentResource implements RedisConnection {
  readonly address: Output<string>;
  readonly credentialsSecret: Output<string>;

  constructor(name: string, args: RedisArgs, opts?: ComponentResourceOptions) {
    super("lakehouse:storage:Redis", name, {}, opts);
    const { namespace } = args;
    const { secret } = credentials(name, { namespace }, this);
    const config = new core.v1.ConfigMap(
      name,
      { metadata: { namespace, labels: labels(name) }, data: { "valkey.conf": settings } },
      { parent: this },
    );
    new core.v1.Service(
      name,
      service(namespace, name, {
        type: "NodePort",
        selector: labels(name),
        ports: [{ name: "redis", port: 6379, nodePort: args.nodePort }],
      }),
      { parent: this },
    );
    const server = new apps.v1.StatefulSet(
      name,
      {
        metadata: { name, namespace, labels: labels(name) },
        spec: {
          serviceName: name,
          selector: { matchLabels: labels(name) },
          template: podTemplate(name, {
            image: args.image,
            env: { REDIS_PASSWORD_FILE: "/run/secrets/redis/password" },
            ports: { redis: 6379 },
            probe: { port: 6379 },
            resources: { cpu: "10m", memory: "16Mi", memoryLimit: "64Mi" },
            files: {
              config: { path: "/etc/valkey", configMap: config.metadata.name },
              credentials: { path: "/run/secrets/redis", secret },
            },
            dataPath: "/data",
          }),
          volumeClaimTemplates: [dataClaim(args.storage)],
        },
      },
      { parent: this },
    );
    this.address = interpolate`${server.metadata.name}:6379`;
    this.credentialsSecret = secret;
    this.registerOutputs({ address: this.address, credentialsSecret: this.credentialsSecret });
  }
}

const settings = `\
# Half of the container's limit: a rewrite of the append-only file may double what is used.
maxmemory 32mb
# A store that forgets features on its own would make wrong predictions; refuse writes instead.
maxmemory-policy noeviction
appendonly yes
# The append-only file is enough.
save ""
# Events of sessions, by product and a hash of 64 digits, in the compact form of short texts.
zset-max-listpack-value 128
`;
