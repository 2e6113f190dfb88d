import { z } from "zod";
import { diffBridged } from "../bridged/diff.ts";
import { withName } from "../bridged/names.ts";
import { waitFor } from "../bridged/wait.ts";
import { Incomplete, resourceType } from "../runtime/provider.ts";
import { isProperties, isUnknown } from "../runtime/values.ts";
import type { KafkaConnection } from "./connection.ts";
import { failureType } from "./errors.ts";
import { reassign } from "./reassignment.ts";
import {
  addPartitions,
  alterConfig,
  createTopic,
  deleteTopic,
  isEmpty,
  readTopic,
} from "./topic-admin.ts";
import type { ActualTopic } from "./topic-admin.ts";

const topicInputs = z.object({
  name: z
    .string()
    .regex(/^[\w.-]{1,249}$/, "must be 1 to 249 letters, digits, dots, underscores or hyphens")
    .refine((name) => name !== "." && name !== "..", "must not be . or ..")
    .optional(),
  partitions: z.int("must be a whole number").min(1, "must be at least 1"),
  replicationFactor: z
    .int("must be a whole number")
    .refine(
      (factor) => factor === -1 || factor >= 1,
      "must be at least 1, or -1 for the broker's default",
    ),
  config: z
    .record(z.string(), z.string('must be text; put numbers in quotes, such as "604800000"'))
    .optional(),
});
type TopicInputs = z.infer<typeof topicInputs>;

/**
 * A topic. Partitions are added and settings and replicas changed in place; fewer partitions need a
 * new topic. It is ready once every partition has a leader.
 */
export const topic = resourceType<typeof topicInputs, KafkaConnection>({
  inputs: topicInputs,

  check: (inputs, operation) => withName(inputs, operation),

  diff(_id, old, inputs, { ignoreChanges }) {
    const difference = diffBridged(old, inputs, ignoreChanges, {
      replaceOn: ["name"],
      same: { replicationFactor: isDefaultFactor },
    });
    const isShrinking = !isUnknown(inputs.partitions) && inputs.partitions < old.inputs.partitions;
    return {
      ...difference,
      changes: difference.changes.map((change) =>
        change.path[0] === "partitions" && isShrinking ? { ...change, replace: true } : change,
      ),
    };
  },

  async create(inputs, operation) {
    const { context: kafka } = operation;
    const name = nameOf(inputs);
    try {
      await createTopic(kafka, { ...inputs, name });
    } catch (error) {
      if (failureType(error) !== "TOPIC_ALREADY_EXISTS") throw error;
      await requireOurs(kafka, { ...inputs, name });
    }
    try {
      const actual = await waitUntilReady(name, inputs.partitions, operation);
      return { id: name, outputs: outputsOf(inputs, actual) };
    } catch (cause) {
      const message = cause instanceof Error ? cause.message : String(cause);
      throw new Incomplete(message, { id: name, outputs: { ...inputs }, cause });
    }
  },

  async read(id, old, { context: kafka }) {
    const actual = await readTopic(kafka, old?.inputs.name ?? id);
    if (actual === undefined) return undefined;
    const inputs: TopicInputs = {
      ...old?.inputs,
      name: actual.name,
      partitions: actual.partitions.length,
      replicationFactor: old?.inputs.replicationFactor === -1 ? -1 : actual.replicationFactor,
    };
    if (Object.keys(actual.config).length > 0) inputs.config = actual.config;
    else if (inputs.config !== undefined) inputs.config = {};
    return { inputs, outputs: outputsOf(inputs, actual) };
  },

  async update(_id, old, inputs, operation) {
    const { context: kafka } = operation;
    const name = nameOf(inputs);
    const actual = await readTopic(kafka, name);
    if (actual === undefined) {
      throw new Error(
        `Kafka topic "${name}" does not exist any more. Run a refresh, then update again.`,
      );
    }
    if (!isSameConfig(actual.config, inputs.config)) {
      await alterConfig(kafka, name, inputs.config ?? {});
    }
    if (!isDefaultFactor(actual.replicationFactor, inputs.replicationFactor)) {
      await changeReplicas(kafka, actual, inputs.replicationFactor);
    }
    if (actual.partitions.length < inputs.partitions) {
      await addPartitions(kafka, name, inputs.partitions);
    }
    const changed = await waitUntilReady(
      name,
      inputs.partitions,
      operation,
      (found) =>
        isDefaultFactor(found.replicationFactor, inputs.replicationFactor) &&
        isSameConfig(found.config, inputs.config),
    );
    // Undefined also where it was set before: the engine lays outputs over the old ones.
    return { ...outputsOf(inputs, changed), config: old.inputs.config && (inputs.config ?? {}) };
  },

  async delete(id, old, operation) {
    const { context: kafka } = operation;
    const name = old.inputs.name ?? id;
    if ((await readTopic(kafka, name)) === undefined) return;
    await deleteTopic(kafka, name);
    await waitFor(`Kafka topic "${name}" to be gone`, operation, async () =>
      (await readTopic(kafka, name)) === undefined ? true : undefined,
    );
  },
});

/** `check` has filled in the name. */
function nameOf(inputs: TopicInputs): string {
  if (inputs.name === undefined) throw new Error("the topic has no name");
  return inputs.name;
}

function outputsOf(inputs: TopicInputs, actual: ActualTopic) {
  return {
    name: actual.name,
    partitions: actual.partitions.length,
    replicationFactor: actual.replicationFactor,
    config: inputs.config,
  };
}

/** -1 stands for what the broker chose, so a topic that has replicas already fits. */
function isDefaultFactor(actual: unknown, wanted: unknown): boolean {
  return actual === wanted || (wanted === -1 && typeof actual === "number" && actual >= 1);
}

function isSameConfig(actual: Readonly<Record<string, string>>, wanted: unknown = {}): boolean {
  if (!isProperties(wanted)) return false;
  const keys = new Set([...Object.keys(actual), ...Object.keys(wanted)]);
  return [...keys].every((key) => actual[key] === wanted[key]);
}

/**
 * An update that was interrupted while it made the topic left it as wanted and empty: it is taken
 * over. Any other topic of this name belongs to someone else.
 */
async function requireOurs(
  kafka: KafkaConnection,
  wanted: TopicInputs & { readonly name: string },
): Promise<void> {
  const actual = await readTopic(kafka, wanted.name);
  const isAsWanted =
    actual?.partitions.length === wanted.partitions &&
    isDefaultFactor(actual.replicationFactor, wanted.replicationFactor) &&
    isSameConfig(actual.config, wanted.config);
  if (isAsWanted && (await isEmpty(kafka, wanted.name))) return;

  const found =
    actual === undefined
      ? ""
      : ` (${actual.partitions.length} partitions, ${actual.replicationFactor} replicas` +
        `${isAsWanted ? ", with messages" : ""})`;
  throw new Error(
    `Kafka topic "${wanted.name}" exists already${found} and is not this stack's. ` +
      `Take it over with: pulumi import kafka:index/topic:Topic NAME ${wanted.name}, or delete it or choose another name.`,
  );
}

async function changeReplicas(
  kafka: KafkaConnection,
  actual: ActualTopic,
  factor: number,
): Promise<void> {
  await kafka.use(async (admin) => {
    const { brokers } = await admin.describeCluster();
    const nodes = brokers.map(({ nodeId }) => nodeId);
    if (factor > nodes.length) {
      throw new Error(
        `Kafka topic "${actual.name}": replicationFactor (${factor}) exceeds the brokers ` +
          `(${nodes.length}). Lower it, or add brokers.`,
      );
    }
    const partitionAssignment = reassign(actual.partitions, nodes, factor);
    await admin.alterPartitionReassignments({
      topics: [{ topic: actual.name, partitionAssignment }],
    });
  });
}

/** Waits until there are enough partitions, each with a leader, and whatever else is asked. */
async function waitUntilReady(
  name: string,
  partitions: number,
  operation: Parameters<typeof waitFor>[1] & { readonly context: KafkaConnection },
  isAsWanted: (found: ActualTopic) => boolean = () => true,
): Promise<ActualTopic> {
  const { context: kafka } = operation;
  const limited = {
    status: operation.status,
    signal: AbortSignal.any([operation.signal, AbortSignal.timeout(kafka.timeoutMs)]),
  };
  return waitFor(`a leader for each partition of Kafka topic "${name}"`, limited, async () => {
    const found = await readTopic(kafka, name);
    const isReady =
      found !== undefined &&
      found.partitions.length === partitions &&
      found.partitions.every(({ leader }) => leader >= 0) &&
      isAsWanted(found);
    return isReady ? found : undefined;
  });
}
