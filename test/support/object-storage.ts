import { S3Client } from "@aws-sdk/client-s3";
import { Kafka, logLevel } from "kafkajs";

import { nodePorts } from "../../components/ports.ts";
import { addressOf, secretOfStack } from "./deployed.ts";
import { eventually } from "./lakehouse.ts";

/** The deployed object store, as one of its users. */
export async function objectStorageAs(user: string): Promise<S3Client> {
  const entry = await secretOfStack(`minio-${user}`);
  return new S3Client({
    endpoint: `http://${await addressOf(nodePorts.minio)}`,
    region: "us-east-1",
    forcePathStyle: true,
    credentials: { accessKeyId: entry("access-key"), secretAccessKey: entry("secret-key") },
  });
}

/** What MinIO tells of one write. */
export interface ObjectEvent {
  /** As it stands in the event: URL-encoded. */
  readonly encodedKey: string;
  readonly key: string;
  /** Grows from one write of an object to the next. */
  readonly sequencer: string;
}

/**
 * Reads a topic from its beginning until there are events of `count` writes of keys with the prefix.
 * MinIO may repeat itself, so an event counts once.
 */
export async function objectEvents(
  topic: string,
  prefix: string,
  count: number,
): Promise<ObjectEvent[]> {
  const { bootstrapServers } = JSON.parse(process.env["LAKEHOUSE_TEST_KAFKA"] ?? "{}") as {
    bootstrapServers: string[];
  };
  const kafka = new Kafka({
    brokers: bootstrapServers,
    logLevel: logLevel.NOTHING,
    retry: { retries: 15 },
  });
  const consumer = kafka.consumer({ groupId: `test-${topic}-${prefix}-${Date.now()}` });
  const events = new Map<string, ObjectEvent>();
  try {
    await consumer.connect();
    await consumer.subscribe({ topic, fromBeginning: true });
    await consumer.run({
      eachMessage: ({ message }) => {
        for (const event of eventsIn(message.value)) {
          if (event.key.startsWith(prefix)) events.set(`${event.key} ${event.sequencer}`, event);
        }
        return Promise.resolve();
      },
    });
    await eventually(
      `${count} events of ${prefix}`,
      () => Promise.resolve(events.size),
      (size) => size >= count,
    );
  } finally {
    await consumer.disconnect();
  }
  return [...events.values()];
}

function eventsIn(value: Buffer | null): ObjectEvent[] {
  const { Records } = JSON.parse(value?.toString() ?? "{}") as {
    Records: { s3: { object: { key: string; sequencer: string } } }[];
  };
  return Records.map(({ s3: { object } }) => ({
    encodedKey: object.key,
    key: decodeURIComponent(object.key.replaceAll("+", " ")),
    sequencer: object.sequencer,
  }));
}
