import type { Producer } from "kafkajs";

import { kafkaClient } from "../producer/kafka-client.ts";
import { bodyOf, type Notice } from "./notice.ts";

/** Where alerts go that could not be delivered. */
export const deadLetterTopic = "alerts.dlq";

/** Keeps what could not be delivered in Kafka. It connects when first needed. */
export class DeadLetterQueue {
  readonly #brokers: readonly string[];
  #producer: Promise<Producer> | undefined;

  /** @param brokers `host:port` of some brokers; the others are learned from them. */
  constructor(brokers: readonly string[]) {
    this.#brokers = brokers;
  }

  /**
   * Appends a notice as it would have been sent as JSON, with the reason as a header.
   * @throws Error if Kafka does not take it; the next call connects anew.
   */
  async add(notice: Notice, reason: string): Promise<void> {
    const current = (this.#producer ??= this.#connect());
    try {
      await (
        await current
      ).send({
        topic: deadLetterTopic,
        acks: -1,
        messages: [
          { key: notice.alert.alertId, value: bodyOf(notice, "json"), headers: { reason } },
        ],
      });
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  async close(): Promise<void> {
    const producer = this.#producer;
    this.#producer = undefined;
    await producer?.then((each) => each.disconnect()).catch(() => undefined);
  }

  async #connect(): Promise<Producer> {
    const producer = kafkaClient("lakehouse-notifier", this.#brokers).producer({
      idempotent: true,
      allowAutoTopicCreation: false,
    });
    await producer.connect();
    return producer;
  }
}
