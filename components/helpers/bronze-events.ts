import type { types } from "@pulumi/minio";

/** Objects of the bucket `bronze` that Kafka is told of; the target has the name of the topic. */
const subscriptions = [
  { topic: "training_data_streaming", prefix: "training_data/", suffix: ".parquet" },
  { topic: "testing_data_streaming", prefix: "testing_data/", suffix: ".json" },
] as const;

/**
 * Events that wait for Kafka, for each topic; more are lost. MinIO sets aside some 50 bytes of memory
 * for each from the start.
 */
const queueLimit = 250_000;

/**
 * Environment of a MinIO that sends events to Kafka. An event is on the volume before its write is
 * acknowledged, and stays there until Kafka has it: at least once, and in the order of the writes but
 * for repetitions. MinIO needs no Kafka to start.
 *
 * @param brokers `host:port` of some brokers.
 * @param folder on the volume, which must not be a possible name of a bucket if buckets are beside it.
 */
export function bronzeEventTargets(brokers: string, folder: string): Record<string, string> {
  const settings = subscriptions.flatMap(({ topic }) =>
    Object.entries({
      ENABLE: "on",
      BROKERS: brokers,
      TOPIC: topic,
      QUEUE_DIR: folder,
      QUEUE_LIMIT: String(queueLimit),
    }).map(([key, value]) => [`MINIO_NOTIFY_KAFKA_${key}_${topic}`, value] as const),
  );
  // Otherwise events are in memory for a while, and a MinIO that is killed forgets them.
  return { ...Object.fromEntries(settings), MINIO_API_SYNC_EVENTS: "on" };
}

/** The subscriptions of the bucket `bronze`. */
export const bronzeEventQueues: types.input.S3BucketNotificationQueue[] = subscriptions.map(
  ({ topic, prefix, suffix }) => ({
    id: topic,
    // No region, as the server has none; the letter case of the target counts.
    queueArn: `arn:minio:sqs::${topic}:kafka`,
    events: ["s3:ObjectCreated:*"],
    filterPrefix: prefix,
    filterSuffix: suffix,
  }),
);
