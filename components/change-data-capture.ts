import { batch } from "@pulumi/kubernetes";
import {
  all,
  ComponentResource,
  type ComponentResourceOptions,
  type Input,
  interpolate,
  type Resource,
} from "@pulumi/pulumi";
import { RandomId } from "@pulumi/random";

import { ChangeSource } from "./change-source.ts";
import { labels, podTemplate } from "./helpers/pod.ts";
import { connectorSecretPath, KafkaConnect } from "./kafka-connect.ts";
import { createTopic, type KafkaConnection, type TopicAdministration } from "./kafka.ts";
import type { ObjectStorageConnection } from "./minio.ts";
import type { CatalogConnection } from "./nessie.ts";
import type { DatabaseAdministration } from "./postgres.ts";
import { SparkApplication } from "./spark-application.ts";
import type { SparkSubmission } from "./spark-operator.ts";

export interface ChangeDataCaptureArgs {
  readonly namespace: Input<string>;
  /** Kafka Connect, the job that applies changes, and the program that sets the connector up. */
  readonly images: Readonly<Record<"kafka-connect" | "cdc" | "apps", string>>;
  readonly postgres: { readonly administration: DatabaseAdministration };
  readonly kafka: KafkaConnection & { readonly topicAdministration: TopicAdministration };
  readonly operator: SparkSubmission;
  readonly catalog: CatalogConnection;
  /** A user that can write the warehouse and the checkpoints. */
  readonly objectStorage: ObjectStorageConnection;
}

/** The database, which begins the names of its topics too. */
const source = "shop";
const topic = `${source}.public.orders`;

/**
 * A table of Postgres, kept up to date in the lakehouse: shop.public.orders is read by Debezium in
 * Kafka Connect, and k8s-jobs/cdc applies its changes to the Iceberg table `shop_orders`.
 */
export class ChangeDataCapture extends ComponentResource {
  constructor(name: string, args: ChangeDataCaptureArgs, opts?: ComponentResourceOptions) {
    super("lakehouse:streaming:ChangeDataCapture", name, {}, opts);
    const { namespace, images, kafka } = args;
    const changes = new ChangeSource(
      source,
      { namespace, administration: args.postgres.administration },
      { parent: this },
    );
    const connect = new KafkaConnect(
      "kafka-connect",
      {
        namespace,
        image: images["kafka-connect"],
        kafka,
        connectorSecret: changes.replicationSecret,
      },
      { parent: this },
    );
    const topics = [
      { name: topic },
      { name: `${topic}.dlq` },
      // By Debezium's choice of a name.
      { name: `__debezium-heartbeat.${source}`, partitions: 1, isCompacted: true },
    ].map((settings) => createTopic(name, settings, kafka.topicAdministration, this).name);
    const bootstrapServers = all([kafka.bootstrapServers, all(topics)]).apply(([known]) => known);
    createBootstrap(name, args, { changes, connect, topics: bootstrapServers }, this);
    // Topics that are made anew begin anew: progress in those before them means nothing there.
    const { hex } = new RandomId(name, { byteLength: 4 }, { parent: this });
    const checkpoint = interpolate`s3a://checkpoints/${name}-${hex}`;
    createJob(name, { ...args, kafka: { bootstrapServers }, checkpoint }, this);
    this.registerOutputs();
  }
}

interface Captured {
  readonly changes: ChangeSource;
  readonly connect: KafkaConnect;
  /** Known once the topics exist that the connector writes. */
  readonly topics: Input<string>;
}

/** The Job of k8s-jobs/cdc-bootstrap, which is run anew whenever something of it changes. */
function createBootstrap(
  name: string,
  { namespace, images }: ChangeDataCaptureArgs,
  { changes, connect, topics }: Captured,
  parent: Resource,
): void {
  const job = `${name}-bootstrap`;
  new batch.v1.Job(
    job,
    {
      metadata: { namespace, labels: labels(job) },
      spec: {
        // Each attempt waits for what is not there yet, so few are enough.
        backoffLimit: 2,
        template: podTemplate(job, {
          image: images.apps,
          args: ["/app/cdc-bootstrap.mjs"],
          env: {
            CONNECT_URL: all([connect.url, topics]).apply(([url]) => url),
            DATABASE_ADDRESS: changes.database.address,
            DATABASE: changes.database.database,
            DATABASE_USER_FILE: "/run/secrets/owner/username",
            DATABASE_PASSWORD_FILE: "/run/secrets/owner/password",
            PUBLICATION: changes.publication,
            SLOT: changes.slot,
            REPLICATION_CREDENTIALS: connectorSecretPath,
          },
          resources: { cpu: "20m", memory: "64Mi", memoryLimit: "160Mi" },
          files: {
            owner: { path: "/run/secrets/owner", secret: changes.database.credentialsSecret },
          },
          restartPolicy: "Never",
        }),
      },
    },
    // Thrice what one attempt waits for Connect and the connector.
    { parent, customTimeouts: { create: "12m" } },
  );
}

interface JobArgs extends Omit<ChangeDataCaptureArgs, "kafka"> {
  /** Known once the topics exist. */
  readonly kafka: KafkaConnection;
  /** Folder of the job's progress. */
  readonly checkpoint: Input<string>;
}

function createJob(name: string, args: JobArgs, parent: Resource): void {
  const { namespace, images, operator, kafka, catalog, objectStorage } = args;
  new SparkApplication(
    name,
    {
      namespace,
      image: images.cdc,
      serviceAccount: operator.serviceAccount,
      program: "/opt/lakehouse/cdc/main.py",
      env: {
        KAFKA_BOOTSTRAP_SERVERS: kafka.bootstrapServers,
        NESSIE_URI: interpolate`${catalog.uri}/api/v2`,
        S3_ENDPOINT: objectStorage.endpoint,
        CHECKPOINT: args.checkpoint,
        // A batch is a commit or two: few, so that a busy table stays small.
        TRIGGER: "2 seconds",
        // Bounds the memory of a batch while a backlog is worked off.
        MAX_OFFSETS_PER_TRIGGER: "20000",
      },
      secretEnv: {
        AWS_ACCESS_KEY_ID: { secret: objectStorage.credentialsSecret, key: "access-key" },
        AWS_SECRET_ACCESS_KEY: { secret: objectStorage.credentialsSecret, key: "secret-key" },
      },
      // Plans and tasks of one process; beyond the heap the JVM's own, and Python, which only steers.
      driver: { cores: 2, cpu: "50m", heapMiB: 640, overheadMiB: 384 },
    },
    { parent },
  );
}
