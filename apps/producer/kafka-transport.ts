import type { Kafka, Message as KafkaMessage, Producer } from "kafkajs";

import { type Message, type Topic } from "./events.ts";
import { kafkaClient } from "./kafka-client.ts";
import { PermanentError, type Transport } from "./sender.ts";

/** Errors that another attempt cannot cure, by Kafka's own names. */
const permanentErrors = new Set([
  "MESSAGE_TOO_LARGE",
  "RECORD_LIST_TOO_LARGE",
  "INVALID_RECORD",
  "INVALID_TOPIC_EXCEPTION",
  "TOPIC_AUTHORIZATION_FAILED",
  "CLUSTER_AUTHORIZATION_FAILED",
  "SASL_AUTHENTICATION_FAILED",
]);

/**
 * The broker no longer knows how far this producer was. A new producer id starts over; a message
 * that had arrived after all may then be there twice, and its event_id tells.
 */
const lostSequenceErrors = new Set([
  "OUT_OF_ORDER_SEQUENCE_NUMBER",
  "UNKNOWN_PRODUCER_ID",
  "INVALID_PRODUCER_EPOCH",
  "PRODUCER_FENCED",
]);

/** The batch is in the log already: an earlier attempt had worked, only its answer was lost. */
const alreadyAppended = "DUPLICATE_SEQUENCE_NUMBER";

/**
 * Kafka through kafkajs, with an idempotent producer.
 *
 * Every request carries one partition: kafkajs retries requests for several partitions in ways
 * that can lose or double messages when a leader moves, and with one partition an attempt made again carries
 * the same sequence numbers, by which the broker recognises it.
 */
export class KafkaTransport implements Transport {
  readonly #kafka: Kafka;
  #producer: Promise<Producer>;

  /** @param brokers `host:port` of some brokers; the others are learned from them. */
  constructor(brokers: readonly string[]) {
    this.#kafka = kafkaClient("lakehouse-producer", brokers);
    this.#producer = this.#connect();
    // Whoever uses it sees the failure, and connects anew.
    this.#producer.catch(() => undefined);
  }

  async partitions(topic: Topic): Promise<number> {
    const admin = this.#kafka.admin();
    await admin.connect();
    try {
      const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
      return topics[0]?.partitions.length ?? 0;
    } finally {
      await admin.disconnect();
    }
  }

  async append(topic: Topic, partition: number, messages: readonly Message[]): Promise<void> {
    const current = this.#producer;
    try {
      const producer = await current;
      const answers = await producer.sendBatch({
        acks: -1,
        topicMessages: [
          {
            topic,
            messages: messages.map(({ key, value }): KafkaMessage => ({ key, value, partition })),
          },
        ],
      });
      if (answers.length !== 1) throw new Error(`Kafka did not answer for ${topic}/${partition}`);
    } catch (error) {
      const type = kafkaErrorType(error);
      if (type === alreadyAppended) return;
      if (type !== undefined && permanentErrors.has(type)) {
        throw new PermanentError(`Kafka refuses messages for ${topic}: ${type}`, { cause: error });
      }
      if (await this.#isUnusable(current, type)) this.#replaceProducer(current);
      throw error;
    }
  }

  async disconnect(): Promise<void> {
    await (await this.#producer.catch(() => undefined))?.disconnect();
  }

  async #connect(): Promise<Producer> {
    const producer = this.#kafka.producer({
      idempotent: true,
      allowAutoTopicCreation: false,
      createPartitioner:
        () =>
        ({ message }) =>
          message.partition ?? 0,
    });
    await producer.connect();
    return producer;
  }

  async #isUnusable(producer: Promise<Producer>, type: string | undefined): Promise<boolean> {
    if (type !== undefined && lostSequenceErrors.has(type)) return true;
    // It never came to be connected.
    return producer.then(
      () => false,
      () => true,
    );
  }

  #replaceProducer(broken: Promise<Producer>): void {
    // Another partition may have replaced it meanwhile.
    if (this.#producer !== broken) return;
    this.#producer = broken
      .then((producer) => producer.disconnect())
      .catch(() => undefined)
      .then(() => this.#connect());
    this.#producer.catch(() => undefined);
  }
}

/** The name Kafka gives an error, dug out of what kafkajs wraps around it. */
function kafkaErrorType(error: unknown): string | undefined {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if ("type" in cause && typeof cause.type === "string") return cause.type;
  }
  return undefined;
}
