import { ComponentResource, type ComponentResourceOptions, type Input } from "@pulumi/pulumi";

import type { KafkaConnection } from "./kafka.ts";
import type { ObjectStorageConnection } from "./minio.ts";
import type { CatalogConnection } from "./nessie.ts";
import { SparkApplication, type SparkPodSize } from "./spark-application.ts";
import type { SparkSubmission } from "./spark-operator.ts";

/** What the job takes for an anomaly of the KPIs. */
export interface AnomalyDetection {
  /** Minutes of the moving mean and standard deviation. */
  readonly windowMinutes: number;
  /** Standard deviations from the expected value. */
  readonly threshold: number;
  /** Normal minutes in a row after which an anomaly is over. */
  readonly cooldownMinutes: number;
  /** Minutes to be known before anomalies are looked for; at most the window counts. */
  readonly minimumHistoryMinutes: number;
}

/** Sizes of its pods. */
export interface StreamingSize {
  readonly driver: SparkPodSize;
  readonly executor: SparkPodSize;
  /** Of a driver that does the work of an executor too. */
  readonly alone: SparkPodSize;
}

/** Tries of a task before its batch fails, as many as executors have. */
const taskTries = 4;

const laptop: StreamingSize = {
  // Plans and commits in the heap; beyond it Python with the memory of hot minutes, which the job
  // bounds at 8 million event ids and 1 million users, some 200 MiB.
  driver: { cores: 1, cpu: "200m", heapMiB: 768, overheadMiB: 448 },
  // Both cores, so that a backlog is worked off as fast as the machine can.
  executor: { cores: 2, cpu: "200m", heapMiB: 768, overheadMiB: 352 },
  alone: { cores: 2, cpu: "400m", heapMiB: 1024, overheadMiB: 576 },
};

export interface StreamingArgs {
  readonly namespace: Input<string>;
  readonly image: string;
  readonly operator: SparkSubmission;
  readonly kafka: KafkaConnection;
  readonly catalog: CatalogConnection;
  /** A user that can write the warehouse and the checkpoints. */
  readonly objectStorage: ObjectStorageConnection;
  /** Time between two micro-batches. */
  readonly triggerSeconds: number;
  /** Events that one micro-batch takes at most. */
  readonly maxOffsets: number;
  readonly alerts: AnomalyDetection;
  /** Executors that Spark may ask for while tasks wait. @default 0, the driver does the work itself */
  readonly maxExecutors?: number;
  /** @default that of a laptop */
  readonly size?: StreamingSize | undefined;
  /** Leads to the driver's UI. */
  readonly nodePort: number;
}

/** Events from Kafka into their tables, the KPIs and the alerts: k8s-jobs/streaming as a SparkApplication. */
export class Streaming extends ComponentResource {
  /** Base address of the driver's UI inside the cluster. */
  readonly ui: string;

  constructor(name: string, args: StreamingArgs, opts?: ComponentResourceOptions) {
    super("lakehouse:streaming:Streaming", name, {}, opts);
    const { maxExecutors = 0, size: { driver, executor, alone } = laptop } = args;
    const hasExecutors = maxExecutors > 0;
    const application = new SparkApplication(
      name,
      {
        namespace: args.namespace,
        image: args.image,
        serviceAccount: args.operator.serviceAccount,
        program: "/opt/lakehouse/streaming/main.py",
        env: {
          KAFKA_BOOTSTRAP_SERVERS: args.kafka.bootstrapServers,
          // Not once it serves: submitting the job and starting Spark take as long as its start.
          NESSIE_URI: `${args.catalog.address}/api/v2`,
          ...(!hasExecutors && { SPARK_MASTER: `local[${alone.cores},${taskTries}]` }),
          S3_ENDPOINT: args.objectStorage.endpoint,
          TRIGGER: `${args.triggerSeconds} seconds`,
          MAX_OFFSETS_PER_TRIGGER: String(args.maxOffsets),
          ALERT_WINDOW_MINUTES: String(args.alerts.windowMinutes),
          ALERT_THRESHOLD: String(args.alerts.threshold),
          ALERT_COOLDOWN_MINUTES: String(args.alerts.cooldownMinutes),
          ALERT_MINIMUM_HISTORY_MINUTES: String(args.alerts.minimumHistoryMinutes),
        },
        secretEnv: {
          AWS_ACCESS_KEY_ID: { secret: args.objectStorage.credentialsSecret, key: "access-key" },
          AWS_SECRET_ACCESS_KEY: {
            secret: args.objectStorage.credentialsSecret,
            key: "secret-key",
          },
        },
        ...(hasExecutors ? { driver, executor, maxExecutors } : { driver: alone }),
        uiNodePort: args.nodePort,
      },
      { parent: this },
    );
    this.ui = application.ui;
    this.registerOutputs();
  }
}
