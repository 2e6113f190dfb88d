import { Kafka, logLevel } from "kafkajs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { KafkaConnection } from "../../providers/kafka/connection.ts";
import { kafkaProvider } from "../../providers/kafka/provider.ts";
import { endpointFrom, ProviderHarness, uniqueName } from "./provider-harness.ts";

const TOPIC = "kafka:index/topic:Topic";
const ACL = "kafka:index/acl:Acl";

const endpoint = endpointFrom("LAKEHOUSE_TEST_KAFKA");
let kafka: ProviderHarness<typeof kafkaProvider.config, KafkaConnection>;

beforeAll(async () => {
  kafka = await ProviderHarness.start(kafkaProvider, endpoint);
});

afterAll(async () => {
  await kafka.context.close();
});

describe("kafka.Topic", () => {
  it("is made with its settings, read back, changed in place and removed", async () => {
    const name = uniqueName("topic");
    const inputs = {
      name,
      partitions: 2,
      replicationFactor: 1,
      config: { "cleanup.policy": "compact", "retention.ms": "60000" },
    };
    const topic = await kafka.create(TOPIC, inputs);
    expect(topic.id).toBe(name);
    expect(topic.outputs).toEqual(inputs);

    expect(await topic.refresh()).toBe(true);
    expect(topic.inputs).toEqual(inputs);
    expect(await topic.diff(inputs)).toEqual([]);

    const grown = { ...inputs, partitions: 4, config: { "retention.ms": "120000" } };
    expect(await topic.diff(grown)).toEqual([
      'config["cleanup.policy"]',
      'config["retention.ms"]',
      "partitions",
    ]);
    await topic.update(grown);
    expect(topic.outputs).toEqual(grown);
    expect((await kafka.import(TOPIC, name))?.inputs).toEqual(grown);

    await topic.delete();
    expect(await topic.refresh()).toBe(false);
    await topic.delete();
  });

  it("needs a new topic, made after the old one is gone, for fewer partitions", async () => {
    const inputs = { name: uniqueName("topic"), partitions: 3, replicationFactor: 1 };
    const topic = await kafka.create(TOPIC, inputs);
    const difference = await topic.difference({ ...inputs, partitions: 1 });
    expect(difference.changes.map(({ replace }) => replace)).toEqual([true]);
    expect(difference.deleteBeforeReplace).toBe(true);
    await topic.delete();
  });

  it("accepts the broker's default number of replicas and reports the real one", async () => {
    const inputs = { name: uniqueName("topic"), partitions: 1, replicationFactor: -1 };
    const topic = await kafka.create(TOPIC, inputs);
    expect(topic.outputs["replicationFactor"]).toBeGreaterThanOrEqual(1);
    await topic.refresh();
    expect(await topic.diff(inputs)).toEqual([]);
    await topic.delete();
  });

  it("tells on refresh what someone else changed", async () => {
    const inputs = { name: uniqueName("topic"), partitions: 1, replicationFactor: 1 };
    const topic = await kafka.create(TOPIC, inputs);
    await kafka.context.use((admin) =>
      admin.createPartitions({ topicPartitions: [{ topic: topic.id, count: 2 }] }),
    );
    await topic.refresh();
    expect(topic.inputs).toEqual({ ...inputs, partitions: 2 });
    expect(await topic.diff(inputs)).toEqual(["partitions!"]);
    await topic.delete();
  });

  it("takes over an empty topic that is as wanted: an update made it and was interrupted", async () => {
    const inputs = { name: uniqueName("topic"), partitions: 2, replicationFactor: 1 };
    await kafka.create(TOPIC, inputs);
    const again = await kafka.create(TOPIC, inputs);
    expect(again.id).toBe(inputs.name);
    await again.delete();
  });

  it("refuses a topic that exists with other settings or with messages", async () => {
    const inputs = { name: uniqueName("topic"), partitions: 1, replicationFactor: 1 };
    const topic = await kafka.create(TOPIC, inputs);
    await expect(kafka.create(TOPIC, { ...inputs, partitions: 2 })).rejects.toThrow(
      `Kafka topic "${inputs.name}" exists already (1 partitions, 1 replicas) and is not this stack's`,
    );

    await send(inputs.name, "hello");
    await expect(kafka.create(TOPIC, inputs)).rejects.toThrow("with messages");
    await topic.delete();
  });

  it("names the setting that the broker refuses", async () => {
    const name = uniqueName("topic");
    const wrong = {
      name,
      partitions: 1,
      replicationFactor: 1,
      config: { "cleanup.policy": "compact", "retention.ms": "soon" },
    };
    const refusal = `Kafka topic "${name}": the broker refuses retention.ms = soon. `;
    await expect(kafka.create(TOPIC, wrong)).rejects.toThrow(refusal);

    const topic = await kafka.create(TOPIC, { ...wrong, config: {} });
    await expect(topic.update(wrong)).rejects.toThrow(refusal);
    await topic.delete();
  });

  it("says that there are too few brokers for the replicas", async () => {
    const inputs = { name: uniqueName("topic"), partitions: 1, replicationFactor: 99 };
    await expect(kafka.create(TOPIC, inputs)).rejects.toThrow(
      `Kafka topic "${inputs.name}": replicationFactor (99) exceeds the brokers`,
    );

    const topic = await kafka.create(TOPIC, { ...inputs, replicationFactor: 1 });
    await expect(topic.update(inputs)).rejects.toThrow(
      "replicationFactor (99) exceeds the brokers",
    );
    await topic.delete();
  });
});

describe("kafka.Acl", () => {
  it("is made, found and removed where the broker keeps ACLs, else refused with the cure", async () => {
    const inputs = {
      aclPrincipal: `User:${uniqueName("user")}`,
      aclHost: "*",
      aclOperation: "Read",
      aclPermissionType: "Allow",
      aclResourceType: "Topic",
      aclResourceName: "orders",
    };
    if (!(await keepsAcls())) {
      await expect(kafka.create(ACL, inputs)).rejects.toThrow("The broker keeps no ACLs");
      return;
    }
    const acl = await kafka.create(ACL, inputs);
    expect(acl.id).toBe(`${inputs.aclPrincipal}|*|Read|Allow|Topic|orders|Literal`);
    expect(await acl.refresh()).toBe(true);
    expect(await acl.diff(inputs)).toEqual([]);
    expect(await acl.diff({ ...inputs, aclOperation: "Write" })).toEqual(["aclOperation!"]);
    expect((await kafka.import(ACL, acl.id))?.inputs).toEqual(acl.inputs);
    await acl.delete();
    expect(await acl.refresh()).toBe(false);
  });
});

describe("a broker that cannot be reached", () => {
  it("is named", async () => {
    const config = { ...endpoint, bootstrapServers: ["localhost:1"] };
    const lost = await ProviderHarness.start(kafkaProvider, config);
    await expect(lost.import(TOPIC, "orders")).rejects.toThrow(
      /^Kafka does not answer at localhost:1: .*Start the broker, or correct bootstrapServers/,
    );
    await lost.context.close();
  });
});

async function keepsAcls(): Promise<boolean> {
  try {
    await kafka.import(ACL, "User:nobody|*|Read|Allow|Topic|orders|Literal");
    return true;
  } catch (error) {
    if (error instanceof Error && error.message.includes("The broker keeps no ACLs")) return false;
    throw error;
  }
}

async function send(topic: string, value: string): Promise<void> {
  const brokers = endpoint["bootstrapServers"] as string[];
  const producer = new Kafka({ brokers, logLevel: logLevel.NOTHING }).producer();
  await producer.connect();
  await producer.send({ topic, messages: [{ value }] });
  await producer.disconnect();
}
