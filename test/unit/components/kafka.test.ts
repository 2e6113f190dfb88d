import type { V1ConfigMap, V1Service, V1StatefulSet } from "@kubernetes/client-node";
import { describe, expect, it } from "vitest";

import { Kafka } from "../../../components/kafka.ts";
import { record, type Recording, waitsFor } from "../../support/mocks.ts";

const deploy = (brokers: 1 | 3): Promise<Recording> =>
  record(
    () =>
      new Kafka("kafka", {
        namespace: "lakehouse",
        image: "localhost/lakehouse/kafka:1",
        brokers,
        partitions: 2,
        nodePort: 30092,
        hostPort: 30192,
        storage: "8Gi",
      }),
  );

const statefulSet = (recording: Recording) =>
  recording.find("kubernetes:apps/v1:StatefulSet", "kafka").inputs as unknown as V1StatefulSet;
const service = (recording: Recording, name: string) =>
  recording.find("kubernetes:core/v1:Service", name).inputs as unknown as V1Service;
const settings = (recording: Recording) => {
  const config = recording.find("kubernetes:core/v1:ConfigMap", "kafka").inputs as V1ConfigMap;
  return config.data?.["server.properties"]?.split("\n") ?? [];
};
const topics = (recording: Recording) => recording.all("kafka:index/topic:Topic");

describe("Kafka", () => {
  it("tells each node what its entrypoint needs to find its place", async () => {
    const { spec } = statefulSet(await deploy(3));
    expect(spec).toMatchObject({
      serviceName: "kafka-headless",
      replicas: 3,
      podManagementPolicy: "Parallel",
    });
    expect(spec?.template.spec?.containers[0]?.env).toEqual([
      { name: "KAFKA_CLUSTER_ID", value: "bGFrZWhvdXNlLmthZmthMA" },
      { name: "KAFKA_HEADLESS_SERVICE", value: "kafka-headless" },
      { name: "KAFKA_REPLICAS", value: "3" },
      { name: "KAFKA_EXTERNAL_HOST", value: "localhost" },
      { name: "KAFKA_EXTERNAL_PORT_BASE", value: "30192" },
      { name: "KAFKA_HEAP_OPTS", value: expect.stringMatching(/^-Xms\d+m -Xmx\d+m$/) as string },
    ]);
    expect(spec?.volumeClaimTemplates?.[0]?.spec?.resources?.requests).toEqual({ storage: "8Gi" });
  });

  it("lets nodes find each other before they are ready", async () => {
    expect(service(await deploy(1), "kafka-headless").spec).toMatchObject({
      clusterIP: "None",
      publishNotReadyAddresses: true,
    });
  });

  it("has a port on this machine for each broker", async () => {
    const recording = await deploy(3);
    const external = [0, 1, 2].map((broker) => service(recording, `kafka-${broker}`).spec);
    expect(external.map((spec) => [spec?.selector, spec?.ports])).toEqual(
      [0, 1, 2].map((broker) => [
        { "statefulset.kubernetes.io/pod-name": `kafka-${broker}` },
        [{ name: "external", port: 9094, nodePort: 30092 + broker }],
      ]),
    );
    expect((await deploy(1)).all("kubernetes:core/v1:Service").map(({ name }) => name)).toEqual([
      "kafka",
      "kafka-0",
      "kafka-headless",
    ]);
  });

  it.each([
    { brokers: 1, minimum: 1 },
    { brokers: 3, minimum: 2 },
  ] as const)("keeps $brokers copies, $minimum in sync", async ({ brokers, minimum }) => {
    const recording = await deploy(brokers);
    expect(settings(recording)).toEqual(
      expect.arrayContaining([
        `default.replication.factor=${brokers}`,
        `offsets.topic.replication.factor=${brokers}`,
        `transaction.state.log.replication.factor=${brokers}`,
        `min.insync.replicas=${minimum}`,
        `transaction.state.log.min.isr=${minimum}`,
        "auto.create.topics.enable=false",
      ]),
    );
    for (const { inputs } of topics(recording)) {
      expect(inputs).toMatchObject({
        partitions: 2,
        replicationFactor: brokers,
        config: {
          "cleanup.policy": "delete",
          "min.insync.replicas": String(minimum),
          "retention.ms": "604800000",
        },
      });
    }
  });

  it("leaves to the image what depends on a node's number", async () => {
    const keys = settings(await deploy(1)).map((line) => line.split("=")[0]);
    for (const key of [
      "node.id",
      "advertised.listeners",
      "controller.quorum.voters",
      "listeners",
    ]) {
      expect(keys).not.toContain(key);
    }
  });

  it("has every topic and its dead letters", async () => {
    expect(topics(await deploy(1)).map(({ inputs }) => inputs["name"])).toEqual([
      "alerts.dlq",
      "clicks",
      "clicks.dlq",
      "errors",
      "errors.dlq",
      "orders",
      "orders.dlq",
      "testing_data_streaming",
      "testing_data_streaming.dlq",
      "training_data_streaming",
      "training_data_streaming.dlq",
    ]);
  });

  it("is managed through its first broker's port on this machine, in plain text", async () => {
    const provider = (await deploy(1)).find("pulumi:providers:kafka", "kafka");
    expect(provider.inputs).toMatchObject({
      bootstrapServers: '["localhost:30192"]',
      tlsEnabled: "false",
    });
  });

  it("is known to clients once its topics are there", async () => {
    let servers: unknown;
    let needed: Promise<string[]> | undefined;
    await record(() => {
      const kafka = new Kafka("kafka", {
        namespace: "lakehouse",
        image: "localhost/lakehouse/kafka:1",
        brokers: 1,
        partitions: 2,
        nodePort: 30092,
        hostPort: 30092,
        storage: "8Gi",
      });
      kafka.bootstrapServers.apply((known) => (servers = known));
      needed = waitsFor(kafka.bootstrapServers);
    });
    expect(servers).toBe("kafka:9092");
    expect(await needed).toEqual([
      "kafka-alerts.dlq",
      ...[
        "clicks",
        "errors",
        "orders",
        "testing_data_streaming",
        "training_data_streaming",
      ].flatMap((topic) => [`kafka-${topic}`, `kafka-${topic}.dlq`]),
    ]);
  });
});
