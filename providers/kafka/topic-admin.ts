import kafkajs from "kafkajs";
import type { Admin } from "kafkajs";
import pRetry from "p-retry";
import type { KafkaConnection } from "./connection.ts";
import { failureType } from "./errors.ts";

/** A topic as the brokers tell it. */
export interface ActualTopic {
  readonly name: string;
  readonly partitions: readonly ActualPartition[];
  /** The smallest over the partitions. */
  readonly replicationFactor: number;
  /** Settings made on the topic itself, without the brokers' defaults. */
  readonly config: Readonly<Record<string, string>>;
}

export interface ActualPartition {
  readonly partitionId: number;
  /** Node id, or -1 for none. */
  readonly leader: number;
  /** Node ids, the preferred leader first. */
  readonly replicas: readonly number[];
}

interface WantedTopic {
  readonly name: string;
  readonly partitions: number;
  readonly replicationFactor: number;
  readonly config?: Readonly<Record<string, string>> | undefined;
}

/** `undefined` if there is no such topic. */
export async function readTopic(
  kafka: KafkaConnection,
  name: string,
): Promise<ActualTopic | undefined> {
  try {
    return await pRetry(() => kafka.use((admin) => describeTopic(admin, name)), {
      retries: 4,
      minTimeout: 100,
      shouldRetry: ({ error }) => error instanceof NoAnswer,
    });
  } catch (error) {
    if (failureType(error) === "UNKNOWN_TOPIC_OR_PARTITION") return undefined;
    throw error;
  }
}

async function describeTopic(admin: Admin, name: string): Promise<ActualTopic | undefined> {
  // Asked for first, because this is the request that fails properly where there is no topic.
  const config = await readConfig(admin, name);
  const partitions = await readPartitions(admin, name);
  if (partitions === undefined) return undefined;
  const replicationFactor = Math.min(...partitions.map(({ replicas }) => replicas.length));
  return { name, partitions, replicationFactor, config };
}

/** No broker answered a request for metadata. */
class NoAnswer extends Error {}

async function readPartitions(
  admin: Admin,
  name: string,
): Promise<readonly ActualPartition[] | undefined> {
  try {
    const { topics } = await admin.fetchTopicMetadata({ topics: [name] });
    return topics.find((topic) => topic.name === name)?.partitions;
  } catch (error) {
    // kafkajs swallows what each broker says, a topic just deleted among it, and trips over the null
    // that remains.
    if (error instanceof TypeError) {
      throw new NoAnswer(
        `No broker tells about Kafka topic "${name}". Look at the brokers' logs.`,
        {
          cause: error,
        },
      );
    }
    throw error;
  }
}

async function readConfig(admin: Admin, name: string): Promise<Record<string, string>> {
  const { resources } = await admin.describeConfigs({
    includeSynonyms: false,
    resources: [{ type: kafkajs.ConfigResourceTypes.TOPIC, name }],
  });
  return Object.fromEntries(
    resources
      .flatMap(({ configEntries }) => configEntries)
      .filter(({ configSource }) => configSource === kafkajs.ConfigSource.TOPIC_CONFIG)
      .map(({ configName, configValue }) => [configName, configValue]),
  );
}

/** True if nothing was ever written to the topic. */
export async function isEmpty(kafka: KafkaConnection, name: string): Promise<boolean> {
  const offsets = await kafka.useOnce((admin) => admin.fetchTopicOffsets(name));
  return offsets.every(({ high }) => high === "0");
}

/** Fails with `TOPIC_ALREADY_EXISTS` if there is one. */
export async function createTopic(kafka: KafkaConnection, wanted: WantedTopic): Promise<void> {
  const { name, config = {} } = wanted;
  try {
    await kafka.use(async (admin) => {
      if (await request(admin, wanted)) return;
      const error = new Error(`Kafka topic "${name}" exists already`);
      throw Object.assign(error, { type: "TOPIC_ALREADY_EXISTS" });
    });
  } catch (error) {
    switch (failureType(error)) {
      case "INVALID_CONFIG":
        throw await blameSetting(kafka, name, config, error, (admin, one) =>
          request(admin, { ...wanted, config: one }, { validateOnly: true }),
        );
      case "INVALID_REPLICATION_FACTOR":
        throw new Error(
          `Kafka topic "${name}": replicationFactor (${wanted.replicationFactor}) exceeds the brokers. ` +
            "Lower it, or add brokers.",
          { cause: error },
        );
      default:
        throw error;
    }
  }
}

/** False if the topic exists. */
function request(
  admin: Admin,
  { name, partitions, replicationFactor, config = {} }: WantedTopic,
  options: { validateOnly?: boolean } = {},
): Promise<boolean> {
  const configEntries = Object.entries(config).map(([key, value]) => ({ name: key, value }));
  const topic = { topic: name, numPartitions: partitions, replicationFactor, configEntries };
  return admin.createTopics({ topics: [topic], waitForLeaders: false, ...options });
}

/** Replaces all settings of a topic. */
export async function alterConfig(
  kafka: KafkaConnection,
  name: string,
  config: Readonly<Record<string, string>>,
): Promise<void> {
  function alter(admin: Admin, wanted: Readonly<Record<string, string>>, validateOnly: boolean) {
    const configEntries = Object.entries(wanted).map(([key, value]) => ({ name: key, value }));
    const resource = { type: kafkajs.ConfigResourceTypes.TOPIC, name, configEntries };
    return admin.alterConfigs({ validateOnly, resources: [resource] }) as Promise<unknown>;
  }
  try {
    await kafka.use((admin) => alter(admin, config, false));
  } catch (error) {
    if (failureType(error) !== "INVALID_CONFIG") throw error;
    throw await blameSetting(kafka, name, config, error, (admin, one) => alter(admin, one, true));
  }
}

/**
 * kafkajs drops the broker's explanation, so each setting is tried alone to find the one that is
 * refused.
 */
async function blameSetting(
  kafka: KafkaConnection,
  name: string,
  config: Readonly<Record<string, string>>,
  cause: unknown,
  attempt: (admin: Admin, one: Readonly<Record<string, string>>) => Promise<unknown>,
): Promise<Error> {
  const refused: string[] = [];
  for (const [key, value] of Object.entries(config)) {
    try {
      await kafka.use((admin) => attempt(admin, { [key]: value }));
    } catch {
      refused.push(`${key} = ${value}`);
    }
  }
  const settings = refused.length > 0 ? refused : Object.keys(config);
  return new Error(
    `Kafka topic "${name}": the broker refuses ${settings.join(", ")}. ` +
      "See https://kafka.apache.org/documentation/#topicconfigs for names and values.",
    { cause },
  );
}

export async function addPartitions(
  kafka: KafkaConnection,
  name: string,
  count: number,
): Promise<void> {
  await kafka.use((admin) => admin.createPartitions({ topicPartitions: [{ topic: name, count }] }));
}

export async function deleteTopic(kafka: KafkaConnection, name: string): Promise<void> {
  await kafka.use((admin) => admin.deleteTopics({ topics: [name] }));
}
