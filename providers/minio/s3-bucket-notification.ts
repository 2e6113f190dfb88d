import {
  GetBucketNotificationConfigurationCommand,
  PutBucketNotificationConfigurationCommand,
} from "@aws-sdk/client-s3";
import type { Event, FilterRule, QueueConfiguration } from "@aws-sdk/client-s3";
import { z } from "zod";
import { diffBridged } from "../bridged/diff.ts";
import { resourceType } from "../runtime/provider.ts";
import type { State } from "../runtime/provider.ts";
import { containsUnknown } from "../runtime/values.ts";
import type { MinioConnection } from "./connection.ts";
import { codeOf } from "./errors.ts";
import { uniqueId } from "./unique-id.ts";

const queue = z.strictObject({
  /** @default made up, and kept */
  id: z.string().optional(),
  queueArn: z
    .string()
    .regex(
      /^arn:[^:]+:sqs:[^:]*:[^:]+:[^:]+$/,
      "must be arn:minio:sqs:REGION:ID:TYPE, such as arn:minio:sqs::PRIMARY:kafka",
    ),
  events: z
    .array(z.string().regex(/^s3:/, "must begin with s3:, such as s3:ObjectCreated:*"))
    .min(1, "needs at least one event, such as s3:ObjectCreated:*"),
  filterPrefix: z.string().optional(),
  filterSuffix: z.string().optional(),
});
type Queue = z.infer<typeof queue>;

const notificationInputs = z.object({
  bucket: z.string().min(1),
  queues: z.array(queue).optional(),
});
type NotificationInputs = z.infer<typeof notificationInputs>;

/**
 * All notifications of a bucket: what else the bucket had is overwritten. The targets are part of the
 * server's own configuration and need not be up.
 */
export const s3BucketNotification = resourceType<typeof notificationInputs, MinioConnection>({
  inputs: notificationInputs,

  diff: (_id, old, inputs, { ignoreChanges }) =>
    diffBridged(
      { ...old, inputs: withSortedEvents(old.inputs) },
      withSortedEvents(inputs),
      ignoreChanges,
      { replaceOn: ["bucket"] },
    ),

  async create(inputs, operation) {
    const { context: minio } = operation;
    const before = await readQueues(minio, inputs.bucket);
    const queues = await put(minio, inputs, []);
    const lost = before?.filter(({ queueArn }) => !queues.some((own) => own.queueArn === queueArn));
    if (lost !== undefined && lost.length > 0) {
      const arns = lost.map(({ queueArn }) => queueArn).join(", ");
      operation.warn(`Bucket ${inputs.bucket} notified ${arns} before, and no longer does.`);
    }
    return { id: inputs.bucket, outputs: { ...inputs, queues } };
  },

  async read(id, old, { context: minio }) {
    const actual = await readQueues(minio, id);
    if (actual === undefined) return undefined;
    const queues = actual.map((found, index) => asRecorded(found, old, index));
    const isListed = old?.inputs.queues !== undefined || queues.length > 0;
    return {
      inputs: { bucket: id, ...(isListed ? { queues } : {}) },
      outputs: { bucket: id, queues: actual },
    };
  },

  async update(_id, old, inputs, { context: minio }) {
    const queues = await put(minio, inputs, (old.outputs["queues"] ?? []) as Queue[]);
    return { ...inputs, queues };
  },

  async delete(id, _old, { context: minio }) {
    try {
      await put(minio, { bucket: id, queues: [] }, []);
    } catch (error) {
      if (codeOf(error) !== "NoSuchBucket") throw error;
    }
  },
});

/** The order of events means nothing. In a preview some may not be known yet. */
function withSortedEvents(inputs: NotificationInputs): NotificationInputs {
  if (!Array.isArray(inputs.queues)) return inputs;
  const queues = inputs.queues.map((one) =>
    containsUnknown(one) ? one : { ...one, events: [...one.events].sort() },
  );
  return { ...inputs, queues };
}

/** What the program wrote, where the server says the same: events in its order, no made-up id. */
function asRecorded(
  found: Queue,
  old: State<NotificationInputs> | undefined,
  index: number,
): Queue {
  const recorded = old?.inputs.queues?.[index];
  if (recorded === undefined) return found;
  const { id, ...rest } = found;
  const isSameEvents = [...found.events].sort().join() === [...recorded.events].sort().join();
  return {
    ...(recorded.id === undefined || id === undefined ? {} : { id }),
    ...rest,
    events: isSameEvents ? recorded.events : found.events,
  };
}

/** @param old Queues whose ids are kept where none is given. */
async function put(
  minio: MinioConnection,
  inputs: NotificationInputs,
  old: readonly Queue[],
): Promise<Queue[]> {
  const queues = (inputs.queues ?? []).map((one, index) => ({
    ...one,
    id: one.id ?? old[index]?.id ?? uniqueId("tf-s3-queue-"),
  }));
  try {
    await minio.s3((s3) =>
      s3.send(
        new PutBucketNotificationConfigurationCommand({
          Bucket: inputs.bucket,
          NotificationConfiguration: { QueueConfigurations: queues.map(toConfiguration) },
        }),
      ),
    );
  } catch (error) {
    if (codeOf(error) !== "InvalidArgument" || !isAboutArn(error)) throw error;
    const arns = [...new Set(queues.map(({ queueArn }) => queueArn))].join(", ");
    throw new Error(
      `Bucket ${inputs.bucket} cannot notify ${arns}: MinIO has no such target. ` +
        "Start it with MINIO_NOTIFY_KAFKA_ENABLE_ID=on for this ID (letter case counts); " +
        "with MINIO_REGION set, the ARN carries that region.",
      { cause: error },
    );
  }
  return queues;
}

function isAboutArn(error: unknown): boolean {
  return error instanceof Error && error.message.includes("destination ARN");
}

function toConfiguration(one: Queue): QueueConfiguration {
  const rules: FilterRule[] = [];
  if (one.filterPrefix) rules.push({ Name: "prefix", Value: one.filterPrefix });
  if (one.filterSuffix) rules.push({ Name: "suffix", Value: one.filterSuffix });
  return {
    Id: one.id,
    QueueArn: one.queueArn,
    Events: one.events as Event[],
    ...(rules.length === 0 ? {} : { Filter: { Key: { FilterRules: rules } } }),
  };
}

/** `undefined` if the bucket is gone. */
async function readQueues(minio: MinioConnection, bucket: string): Promise<Queue[] | undefined> {
  try {
    const { QueueConfigurations = [] } = await minio.s3((s3) =>
      s3.send(new GetBucketNotificationConfigurationCommand({ Bucket: bucket })),
    );
    return QueueConfigurations.map(fromConfiguration);
  } catch (error) {
    if (codeOf(error) === "NoSuchBucket") return undefined;
    throw error;
  }
}

function fromConfiguration({ Id, QueueArn = "", Events = [], Filter }: QueueConfiguration): Queue {
  const rules = Filter?.Key?.FilterRules ?? [];
  const prefix = rules.find(({ Name }) => Name === "prefix")?.Value;
  const suffix = rules.find(({ Name }) => Name === "suffix")?.Value;
  return {
    ...(Id === undefined ? {} : { id: Id }),
    queueArn: QueueArn,
    events: Events,
    ...(prefix ? { filterPrefix: prefix } : {}),
    ...(suffix ? { filterSuffix: suffix } : {}),
  };
}
