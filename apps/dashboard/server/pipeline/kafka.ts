import { randomUUID } from "node:crypto";

import type { Admin, Kafka } from "kafkajs";

import { kafkaClient } from "../../../producer/kafka-client.ts";
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
    const wanted = topic.partitions.filter(({ low, high }) => high > low);
    if (wanted.length === 0) return [];
    // A group of its own: nobody else is disturbed, and no offset is kept.
    const groupId = `dashboard-${randomUUID()}`;
    const consumer = this.#kafka.consumer({ groupId, maxWaitTimeInMs: 100 });
    const messages: Message[] = [];
    const missing = new Set(wanted.map(({ partition }) => partition));
    const ends = new Map(wanted.map(({ partition, high }) => [partition, high - 1]));
    const complete = Promise.withResolvers<undefined>();
    const timer = setTimeout(complete.resolve, patience, undefined);
    try {
      await consumer.connect();
      await consumer.subscribe({ topic: topic.name });
      await consumer.run({
        autoCommit: false,
        eachMessage: ({ partition, message }) => {
          const { offset, timestamp, key, value } = message;
          messages.push({ partition, offset, timestamp: Number(timestamp), key, value });
          if (Number(offset) >= (ends.get(partition) ?? 0)) missing.delete(partition);
          if (missing.size === 0) complete.resolve(undefined);
          return Promise.resolve();
        },
      });
      for (const { partition, low, high } of wanted) {
        const offset = String(Math.max(low, high - count));
        consumer.seek({ topic: topic.name, partition, offset });
      }
      await complete.promise;
    } finally {
      clearTimeout(timer);
      await consumer.disconnect();
      await this.#forgetGroup(groupId);
    }
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

  async #forgetGroup(groupId: string): Promise<void> {
    const admin = await this.#admin;
    // The broker forgets an empty group by itself, only later.
    await admin?.deleteGroups([groupId]).catch(() => undefined);
  }
}

async function disconnect(admin: Promise<Admin> | undefined): Promise<void> {
  await admin?.then((each) => each.disconnect()).catch(() => undefined);
}
