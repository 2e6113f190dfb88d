import {
  ComponentResource,
  type ComponentResourceOptions,
  type Input,
  interpolate,
  type Resource,
} from "@pulumi/pulumi";

import type { KafkaConnection } from "./kafka.ts";
import type { ObjectStorageConnection } from "./minio.ts";
import type { CatalogConnection } from "./nessie.ts";
import type { DatabaseConnection } from "./postgres.ts";
import type { RedisConnection } from "./redis.ts";
import { SparkApplication, type SparkPodSize } from "./spark-application.ts";
import type { SparkSubmission } from "./spark-operator.ts";

/** How long features are served: minutes, hours or days, or `none` for ever. */
export type TimeToLive = `${number}${"m" | "h" | "d"}` | "none";

/**
 * Its share of busy cores is small, so that it does not hold up the first KPIs while both start.
 * Driver and tasks are one JVM: beyond its heap, of which half is in use, it needs some 300 MiB of its
 * own, most of it for classes that Spark generates, and Python 110.
 */
const laptop: SparkPodSize = { cores: 1, cpu: "40m", heapMiB: 480, overheadMiB: 544 };

export interface FeaturesArgs {
  readonly namespace: Input<string>;
  readonly image: string;
  readonly operator: SparkSubmission;
  readonly kafka: KafkaConnection;
  readonly catalog: CatalogConnection;
  /** A user that can read `bronze` and write the warehouse and the checkpoints. */
  readonly objectStorage: ObjectStorageConnection;
  /** Where features for training go, as a role that may make its tables. */
  readonly offlineStore: DatabaseConnection;
  /** Where features for serving go. */
  readonly onlineStore: RedisConnection;
  /** How long a session is served after its last event. */
  readonly timeToLive: TimeToLive;
  /** Size of its one pod. @default that of a laptop */
  readonly size?: SparkPodSize | undefined;
}

/** Objects of `bronze` into features for training and serving: k8s-jobs/features in one pod. */
export class Features extends ComponentResource {
  constructor(name: string, args: FeaturesArgs, opts?: ComponentResourceOptions) {
    super("lakehouse:streaming:Features", name, {}, opts);
    const { objectStorage, offlineStore, onlineStore } = args;
    new SparkApplication(
      name,
      {
        namespace: args.namespace,
        image: args.image,
        serviceAccount: args.operator.serviceAccount,
        program: "/opt/lakehouse/features/main.py",
        env: {
          KAFKA_BOOTSTRAP_SERVERS: args.kafka.bootstrapServers,
          NESSIE_URI: interpolate`${args.catalog.uri}/api/v2`,
          S3_ENDPOINT: objectStorage.endpoint,
          DATABASE_ADDRESS: offlineStore.address,
          DATABASE_NAME: offlineStore.database,
          REDIS_ADDRESS: onlineStore.address,
          TIME_TO_LIVE: args.timeToLive,
        },
        secretEnv: {
          AWS_ACCESS_KEY_ID: { secret: objectStorage.credentialsSecret, key: "access-key" },
          AWS_SECRET_ACCESS_KEY: { secret: objectStorage.credentialsSecret, key: "secret-key" },
          DATABASE_USERNAME: { secret: offlineStore.credentialsSecret, key: "username" },
          DATABASE_PASSWORD: { secret: offlineStore.credentialsSecret, key: "password" },
          REDIS_PASSWORD: { secret: onlineStore.credentialsSecret, key: "password" },
        },
        driver: args.size ?? laptop,
      },
      { parent: this, dependsOn: opts?.dependsOn ?? [] },
    );
    this.registerOutputs();
  }
}

/**
 * The feature pipeline, unless the stack leaves it out.
 * @param after what must be ready first, so that its own start is not slowed down.
 */
export function createFeatures(
  name: string,
  { isEnabled, after, ...args }: FeaturesArgs & { isEnabled: boolean; after: Resource },
): Features | undefined {
  return isEnabled ? new Features(name, args, { dependsOn: after }) : undefined;
}
