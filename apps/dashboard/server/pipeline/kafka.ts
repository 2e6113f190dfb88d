import type { Admin, EachMessagePayload, Kafka } from "kafkajs";

import { kafkaClient } from "../../../producer/kafka-client.ts";
import { readTopic } from "../../../producer/read-topic.ts";
import { type Message, newestFirst } from "./messages.ts";

/** How long the last messages of a topic may take, in ms: what has come until then is shown. */
const patience = 5_000;

/** What Kafka holds of a topic. */
export interface TopicOffsets {
  readonly name: string;
  readonly partitions: readonly PartitionOffsets[];
}

export interface PartitionOffsets {
  readonly partition: number;
  /** Of the oldest message that is still there. */
  readonly low: number;
  /** Of the next message that comes. */
  readonly high: number;
}

/** What the pipeline page asks of Kafka. */
export interface KafkaSource {
  topics(): Promise<TopicOffsets[]>;
  /** The last `count` messages of a topic, newest first. */
  lastMessages(topic: TopicOffsets, count: number): Promise<Message[]>;
}

/** Kafka through kafkajs. It connects when first asked, and anew after a failure. */
export class KafkaReader implements KafkaSource {
  readonly #kafka: Kafka;
  #admin: Promise<Admin> | undefined;

  /** @param brokers `host:port` of some brokers; the others are learned from them. */
  constructor(brokers: readonly string[]) {
    this.#kafka = kafkaClient("lakehouse-dashboard", brokers, { requestTimeout: 5_000 });
  }

  async topics(): Promise<TopicOffsets[]> {
    const current = (this.#admin ??= this.#connect());
    try {
      const admin = await current;
      const names = (await admin.listTopics()).filter((name) => !name.startsWith("__"));
      return await Promise.all(
        names.toSorted().map(async (name) => {
          const offsets = await admin.fetchTopicOffsets(name);
          const partitions = offsets.map(({ partition, low, high }) => {
            return { partition, low: Number(low), high: Number(high) };
          });
          return {
            name,
            partitions: partitions.toSorted((one, other) => one.partition - other.partition),
          };
        }),
      );
    } catch (error) {
      if (this.#admin === current) this.#admin = undefined;
      void disconnect(current);
      throw error;
    }
  }

  async lastMessages(topic: TopicOffsets, count: number): Promise<Message[]> {
    const spans = topic.partitions
      .filter(({ low, high }) => high > low)
      .map(({ partition, low, high }) => {
        return { partition, first: Math.max(low, high - count), last: high - 1 };
      });
    const messages: Message[] = [];
    const take = ({ partition, message }: EachMessagePayload): void => {
      const { offset, timestamp, key, value } = message;
      messages.push({ partition, offset, timestamp: Number(timestamp), key, value });
    };
    await readTopic(this.#kafka, topic.name, spans, take, patience);
    return newestFirst(messages).slice(0, count);
  }

  async close(): Promise<void> {
    await disconnect(this.#admin);
  }

  async #connect(): Promise<Admin> {
    const admin = this.#kafka.admin();
    await admin.connect();
    return admin;
  }
}

async function disconnect(admin: Promise<Admin> | undefined): Promise<void> {
  await admin?.then((each) => each.disconnect()).catch(() => undefined);
}
