import kafkajs from "kafkajs";
import type { EachMessagePayload, IHeaders, Kafka, KafkaMessage } from "kafkajs";
import pRetry from "p-retry";

import { checkEvent } from "./contract.ts";
import type { Message, Topic } from "./events.ts";
import { kafkaClient } from "./kafka-client.ts";
import { readTopic } from "./read-topic.ts";

/** A message that broke the contract, as `<topic>.dlq` has it. */
export interface DeadLetter {
  readonly topic: Topic;
  /** Where in the topic it was. */
  readonly partition: number;
  readonly offset: number;
  readonly reason: string;
  /** The message itself. */
  readonly raw: string;
}

/** How long one attempt to read them all may take, in ms. */
const patience = 5 * 60_000;

/**
 * Reads the dead letters of a topic that Kafka still has, a week's, each once. Tries again, for some
 * 15 s in all, while Kafka is not quite there.
 * @param take gets them in the order of each partition; the next one waits until it is done.
 * @returns how many there are.
 * @throws Error if they cannot be read.
 */
export async function readDeadLetters(
  brokers: readonly string[],
  topic: Topic,
  take: (letter: DeadLetter) => void | Promise<void>,
): Promise<number> {
  const kafka = kafkaClient("lakehouse-replay", brokers);
  // The streaming job may have sent one again after a crash; and another attempt begins anew.
  const seen = new Set<string>();
  const takeNew = async ({ message }: EachMessagePayload): Promise<void> => {
    const letter = letterOf(topic, message);
    const origin = `${letter.partition}/${letter.offset}`;
    if (seen.has(origin)) return;
    await take(letter);
    seen.add(origin);
  };
  await pRetry(() => readQueue(kafka, `${topic}.dlq`, takeNew), {
    retries: 5,
    minTimeout: 500,
    maxTimeout: 5_000,
    shouldRetry: ({ error }) => error instanceof kafkajs.KafkaJSError,
  });
  return seen.size;
}

async function readQueue(
  kafka: Kafka,
  queue: string,
  take: (payload: EachMessagePayload) => Promise<void>,
): Promise<void> {
  const admin = kafka.admin();
  await admin.connect();
  const offsets = await admin.fetchTopicOffsets(queue).finally(() => admin.disconnect());
  const spans = offsets
    .map(({ partition, low, high }) => ({
      ...{ partition, first: Number(low), last: Number(high) - 1 },
    }))
    .filter(({ first, last }) => last >= first);
  if (await readTopic(kafka, queue, spans, take, patience)) return;
  throw new Error(`${queue} could not be read to its end`);
}

function letterOf(topic: Topic, { headers = {}, value }: KafkaMessage): DeadLetter {
  return {
    topic,
    partition: Number(header(headers, "partition")),
    offset: Number(header(headers, "offset")),
    reason: header(headers, "reason"),
    raw: value?.toString() ?? "",
  };
}

function header(headers: IHeaders, name: string): string {
  return String(headers[name] ?? "");
}

/** A dead letter that keeps the contract now. */
export interface Repaired {
  readonly message: Message;
  readonly eventId: string;
  /** Event time in ms since 1970. */
  readonly time: number;
}

/** Reads one line of repaired dead letters; a text says why its message cannot be sent. */
export function parseRepaired(topic: Topic, line: string): Repaired | string {
  let letter: unknown;
  try {
    letter = JSON.parse(line);
  } catch {
    return "the line is not JSON";
  }
  const { topic: origin, raw } = (letter ?? {}) as { topic?: unknown; raw?: unknown };
  if (origin !== topic) return `its topic is not ${topic}`;
  if (typeof raw !== "string") return "raw is not a text";
  const checked = checkEvent(topic, raw);
  if ("reason" in checked) return checked.reason;
  const { eventId, time, key } = checked;
  return { message: { topic, key, value: raw }, eventId, time };
}
