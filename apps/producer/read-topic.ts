import { randomUUID } from "node:crypto";

import type { EachMessagePayload, Kafka } from "kafkajs";

/** What is to be read of a partition. */
export interface Span {
  readonly partition: number;
  /** Offset of the first message. */
  readonly first: number;
  /** Offset of the last one. */
  readonly last: number;
}

/**
 * Reads spans of a topic, each in order, beside whoever else reads it: no offset is kept anywhere.
 *
 * @param take gets each message; the next one waits until it is done.
 * @param patience how long to go on, in ms.
 * @returns whether all was read in that time.
 */
export async function readTopic(
  kafka: Kafka,
  topic: string,
  spans: readonly Span[],
  take: (payload: EachMessagePayload) => void | Promise<void>,
  patience: number,
): Promise<boolean> {
  const missing = new Map(
    spans.map(({ partition, first, last }) => [partition, { next: first, last }]),
  );
  if (missing.size === 0) return true;
  const end = Promise.withResolvers<boolean>();
  const timer = setTimeout(end.resolve, patience, false);
  const groupId = `reader-${randomUUID()}`;
  const consumer = kafka.consumer({ groupId, maxWaitTimeInMs: 100 });
  try {
    await consumer.connect();
    // A message is only passed over if it comes before what is to be read, never if it comes after.
    await consumer.subscribe({ topic, fromBeginning: true });
    // Not after `run`, which also returns when joining has failed and will be tried again.
    consumer.on(consumer.events.GROUP_JOIN, () => {
      for (const [partition, { next }] of missing) {
        consumer.seek({ topic, partition, offset: String(next) });
      }
    });
    consumer.on(consumer.events.CRASH, ({ payload: { error, restart } }) => {
      if (!restart) end.reject(error);
    });
    const running = consumer.run({
      autoCommit: false,
      eachMessage: async (payload) => {
        const { partition, message } = payload;
        const span = missing.get(partition);
        const offset = Number(message.offset);
        if (span === undefined || offset < span.next) return;
        if (offset <= span.last) await take(payload);
        span.next = offset + 1;
        if (offset >= span.last) missing.delete(partition);
        if (missing.size === 0) end.resolve(true);
      },
    });
    const [isComplete] = await Promise.all([end.promise, running]);
    return isComplete;
  } finally {
    clearTimeout(timer);
    await consumer.disconnect();
    await forgetGroup(kafka, groupId);
  }
}

/** The broker forgets an empty group by itself, only later. */
async function forgetGroup(kafka: Kafka, groupId: string): Promise<void> {
  const admin = kafka.admin();
  try {
    await admin.connect();
    await admin.deleteGroups([groupId]);
  } catch {
    // It is empty, and harms nobody.
  } finally {
    await admin.disconnect();
  }
}
