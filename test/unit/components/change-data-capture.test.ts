import type {
  V1ConfigMap,
  V1Container,
  V1Deployment,
  V1Job,
  V1Secret,
} from "@kubernetes/client-node";
import { Provider as KafkaProvider } from "@pulumi/kafka";
import { Provider as PostgresProvider } from "@pulumi/postgresql";
import { ComponentResource, output } from "@pulumi/pulumi";
import { beforeAll, describe, expect, it } from "vitest";

import { ChangeDataCapture } from "../../../components/change-data-capture.ts";
import { nessie, record, type Recording } from "../../support/mocks.ts";
import { environment } from "../../support/pods.ts";

const topics = (recording: Recording) =>
  recording.all("kafka:index/topic:Topic").map(({ inputs }) => inputs);

describe("change data capture", () => {
  let recording: Recording;

  beforeAll(async () => {
    recording = await record(() => {
      const server = new ComponentResource("test:Server", "server");
      new ChangeDataCapture("cdc", {
        namespace: "lakehouse",
        images: {
          "kafka-connect": "localhost/lakehouse/kafka-connect:1",
          cdc: "localhost/lakehouse/cdc:1",
          apps: "localhost/lakehouse/apps:1",
        },
        postgres: {
          administration: {
            host: "postgres",
            provider: new PostgresProvider("postgres", { host: "localhost" }),
            deletedWith: server,
          },
        },
        kafka: {
          bootstrapServers: output("kafka:9092"),
          topicAdministration: {
            provider: new KafkaProvider("kafka", { bootstrapServers: ["localhost:30092"] }),
            deletedWith: server,
            brokers: 3,
            partitions: 2,
          },
        },
        operator: { serviceAccount: output("spark-operator-spark") },
        catalog: nessie,
        objectStorage: {
          endpoint: output("http://minio:9000"),
          credentialsSecret: output("minio-spark"),
        },
      });
    });
  });

  it("has a database whose changes one role may read, and no other", () => {
    const inputs = (type: string, name: string) => recording.find(type, name).inputs;
    expect(inputs("postgresql:index/database:Database", "postgres-shop")).toEqual({
      name: "shop",
      owner: "shop",
    });
    expect(inputs("postgresql:index/grant:Grant", "postgres-shop-public")).toMatchObject({
      role: "public",
      privileges: [],
    });
    expect(inputs("postgresql:index/role:Role", "shop-replication")).toEqual({
      name: "shop_replication",
      login: true,
      replication: true,
      password: "secret of postgres-shop-replication",
    });
    expect(inputs("postgresql:index/grant:Grant", "shop-replication")).toEqual({
      database: "shop",
      role: "shop_replication",
      objectType: "database",
      privileges: ["CONNECT"],
    });
    expect(
      inputs("postgresql:index/defaultPrivileges:DefaultPrivileges", "shop-replication"),
    ).toEqual({
      database: "shop",
      role: "shop_replication",
      owner: "shop",
      schema: "public",
      objectType: "table",
      privileges: ["SELECT"],
    });
  });

  it("keeps every change from before the first table on", () => {
    expect(recording.find("postgresql:index/publication:Publication", "shop").inputs).toEqual({
      name: "shop",
      database: "shop",
      allTables: true,
    });
    expect(
      recording.find("postgresql:index/replicationSlot:ReplicationSlot", "shop").inputs,
    ).toEqual({ name: "shop", database: "shop", plugin: "pgoutput" });
  });

  it("has the topics of the changes and of Connect's own state, each with its copies", () => {
    const compacted = { "cleanup.policy": "compact", "min.insync.replicas": "2" };
    const deleted = { "cleanup.policy": "delete", "retention.ms": "604800000" };
    expect(topics(recording)).toMatchObject([
      { name: "__debezium-heartbeat.shop", partitions: 1, config: compacted },
      { name: "shop.public.orders", partitions: 2, replicationFactor: 3, config: deleted },
      { name: "shop.public.orders.dlq", partitions: 2, replicationFactor: 3, config: deleted },
      { name: "kafka-connect-configs", partitions: 1, replicationFactor: 3, config: compacted },
      { name: "kafka-connect-offsets", partitions: 1, replicationFactor: 3, config: compacted },
      { name: "kafka-connect-status", partitions: 1, replicationFactor: 3, config: compacted },
    ]);
  });

  it("runs one worker, which takes over from the one before", () => {
    const { spec } = recording.find("kubernetes:apps/v1:Deployment", "kafka-connect")
      .inputs as unknown as V1Deployment;
    const [container] = spec?.template.spec?.containers ?? [];
    expect(spec?.strategy).toEqual({ type: "Recreate" });
    expect(container?.readinessProbe?.httpGet).toEqual({ path: "/health", port: 8083 });
    expect(container?.livenessProbe?.httpGet).toEqual({ path: "/", port: 8083 });
    const config = recording.find("kubernetes:core/v1:ConfigMap", "kafka-connect")
      .inputs as V1ConfigMap;
    expect(config.data?.["worker.properties"]?.split("\n")).toEqual(
      expect.arrayContaining([
        "group.id=kafka-connect",
        "bootstrap.servers=kafka:9092",
        "config.storage.topic=kafka-connect-configs",
        "offset.storage.topic=kafka-connect-offsets",
        "status.storage.topic=kafka-connect-status",
        "scheduled.rebalance.max.delay.ms=0",
        "topic.creation.enable=false",
      ]),
    );
  });

  it("gives Connect the replication role's password as a file, and only that", () => {
    const { spec } = recording.find("kubernetes:apps/v1:Deployment", "kafka-connect")
      .inputs as unknown as V1Deployment;
    const secrets = (spec?.template.spec?.volumes ?? []).flatMap(({ secret }) => secret ?? []);
    expect(secrets.map(({ secretName }) => secretName)).toEqual(["postgres-shop-replication"]);
    const secret = recording.find("kubernetes:core/v1:Secret", "postgres-shop-replication")
      .inputs as V1Secret;
    expect(secret.stringData).toEqual({
      username: "shop_replication",
      password: "secret of postgres-shop-replication",
    });
    const holders = recording.resources
      .filter(({ type }) => type.startsWith("kubernetes:") && !type.endsWith(":Secret"))
      .filter(({ inputs }) => JSON.stringify(inputs).includes("secret of "));
    expect(holders).toEqual([]);
  });

  it("sets the connector up by a Job of the table's owner", () => {
    const { spec } = recording.find("kubernetes:batch/v1:Job", "cdc-bootstrap")
      .inputs as unknown as V1Job;
    const [container] = spec?.template.spec?.containers ?? [];
    expect(container?.args).toEqual(["/app/cdc-bootstrap.mjs"]);
    expect(environment(container)).toEqual({
      CONNECT_URL: "http://kafka-connect:8083",
      DATABASE_ADDRESS: "postgres:5432",
      DATABASE: "shop",
      DATABASE_USER_FILE: "/run/secrets/owner/username",
      DATABASE_PASSWORD_FILE: "/run/secrets/owner/password",
      PUBLICATION: "shop",
      SLOT: "shop",
      REPLICATION_CREDENTIALS: "/run/secrets/connector",
    });
  });

  it("applies the changes in one pod", () => {
    const { spec } = recording.find(
      "kubernetes:sparkoperator.k8s.io/v1beta2:SparkApplication",
      "cdc",
    ).inputs as unknown as {
      spec: {
        mainApplicationFile: string;
        driver: { template: { spec: { containers: V1Container[] } } };
        executor: object;
      };
    };
    expect(spec.mainApplicationFile).toBe("local:///opt/lakehouse/cdc/main.py");
    expect(spec.executor).toEqual({});
    expect(environment(spec.driver.template.spec.containers[0])).toEqual({
      KAFKA_BOOTSTRAP_SERVERS: "kafka:9092",
      NESSIE_URI: "http://nessie:19120/api/v2",
      S3_ENDPOINT: "http://minio:9000",
      CHECKPOINT: "s3a://checkpoints/cdc-0123abcd",
      TRIGGER: "2 seconds",
      MAX_OFFSETS_PER_TRIGGER: "20000",
      AWS_ACCESS_KEY_ID: { name: "minio-spark", key: "access-key" },
      AWS_SECRET_ACCESS_KEY: { name: "minio-spark", key: "secret-key" },
    });
  });
});
