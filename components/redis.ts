import { apps, core } from "@pulumi/kubernetes";
import {
  ComponentResource,
  type ComponentResourceOptions,
  type Input,
  interpolate,
  type Output,
} from "@pulumi/pulumi";

import { credentials } from "./helpers/credentials.ts";
import { dataClaim, labels, podTemplate, type Resources, service } from "./helpers/pod.ts";
import type { Quantity } from "./helpers/quantity.ts";
import { ourEntrypoint } from "./helpers/upstream-image.ts";

/** Where clients find the online store, and as whom. */
export interface RedisConnection {
  /** `host:port` inside of the cluster. */
  readonly address: Output<string>;
  /** Secret with `username` and `password`. */
  readonly credentialsSecret: Output<string>;
}

/** Users beside the one that may do everything, and the rights of each as Redis writes them. */
const users = {
  /** Reads features. */
  serving: "%R~session:* +hgetall",
  /** Remembers which alerts were delivered. */
  notifier: "~notifier:* +mget +set",
};

/** Size of the server. */
export interface RedisSize {
  /** Half of the container's limit: a rewrite of the append-only file may double what is used. */
  readonly maxMemory: `${number}mb`;
  readonly resources: Resources;
}

const laptop: RedisSize = {
  maxMemory: "32mb",
  resources: { cpu: "10m", memory: "16Mi", memoryLimit: "64Mi" },
};

export interface RedisArgs {
  readonly namespace: Input<string>;
  readonly image: string;
  readonly nodePort: number;
  readonly storage: Quantity;
  /** Whether `image` is the project's own. @default false, it is built from images/valkey */
  readonly isUpstreamImage?: boolean;
  /** @default that of a laptop */
  readonly size?: RedisSize | undefined;
}

/** The online store of features: Valkey, which speaks Redis' protocol. */
export class Redis extends ComponentResource implements RedisConnection {
  readonly address: Output<string>;
  /** Of the user `default`, who may do everything. */
  readonly credentialsSecret: Output<string>;
  /** For who reads features. */
  readonly serving: RedisConnection;
  /** For who keeps state below `notifier:`. */
  readonly notifier: RedisConnection;

  constructor(name: string, args: RedisArgs, opts?: ComponentResourceOptions) {
    super("lakehouse:storage:Redis", name, {}, opts);
    const { namespace, size = laptop } = args;
    const { secret } = credentials(name, { namespace, entries: { username: "default" } }, this);
    const secretOf = (username: keyof typeof users): Output<string> =>
      credentials(`${name}-${username}`, { namespace, entries: { username } }, this).secret;
    const secrets = { serving: secretOf("serving"), notifier: secretOf("notifier") };
    const config = new core.v1.ConfigMap(
      name,
      {
        metadata: { namespace, labels: labels(name) },
        data: { "valkey.conf": settings(size), users: userLines },
      },
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
    const entrypoint = { image: "valkey", path: "/opt/lakehouse" };
    const start = args.isUpstreamImage && ourEntrypoint(name, entrypoint, namespace, this);
    const server = new apps.v1.StatefulSet(
      name,
      {
        metadata: { name, namespace, labels: labels(name) },
        spec: {
          serviceName: name,
          selector: { matchLabels: labels(name) },
          template: podTemplate(name, {
            ...start,
            image: args.image,
            env: { REDIS_PASSWORD_FILE: "/run/secrets/redis/password" },
            ports: { redis: 6379 },
            probe: { port: 6379 },
            resources: size.resources,
            files: {
              config: { path: "/etc/valkey", configMap: config.metadata.name },
              credentials: { path: "/run/secrets/redis", secret },
              serving: { path: "/run/secrets/users/serving", secret: secrets.serving },
              notifier: { path: "/run/secrets/users/notifier", secret: secrets.notifier },
              ...(start && start.files),
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
    this.serving = { address: this.address, credentialsSecret: secrets.serving };
    this.notifier = { address: this.address, credentialsSecret: secrets.notifier };
    this.registerOutputs({ address: this.address, credentialsSecret: this.credentialsSecret });
  }
}

const userLines = Object.entries(users)
  .map(([user, rights]) => `${user} ${rights}\n`)
  .join("");

const settings = ({ maxMemory }: RedisSize) => `\
# Half of the container's limit: a rewrite of the append-only file may double what is used.
maxmemory ${maxMemory}
# A store that forgets features on its own would make wrong predictions; refuse writes instead.
maxmemory-policy noeviction
appendonly yes
# The append-only file is enough.
save ""
# Events of sessions, by product and a hash of 64 digits, in the compact form of short texts.
zset-max-listpack-value 128
`;
