import type { Health, Messages, Pipeline, PipelineTable, Topic } from "../../api.ts";
import { Feed, messageOf } from "../feed.ts";
import type { Query } from "../rows.ts";
import type { KafkaSource, TopicOffsets } from "./kafka.ts";
import { readable } from "./messages.ts";
import { readTables } from "./nessie.ts";
import { readSpark, type SparkAnswer } from "./spark.ts";
import { lagOf, TableOffsets, type TableProgress } from "./table-offsets.ts";

/** How many messages of a topic are shown. */
const shownMessages = 10;

/** Where the parts are; a part that is left out is shown as unknown. */
export interface PipelineParts {
  readonly query: Query;
  readonly kafka?: KafkaSource | undefined;
  /** Base address of Nessie. */
  readonly nessieUri?: string | undefined;
  /** Base address of the streaming driver's UI. */
  readonly sparkUri?: string | undefined;
}

/** What a part answered, if it did, and how it is. */
interface Part<Answer> {
  readonly answer: Answer | null;
  readonly health: Health;
}

/** What all viewers of the pipeline page share. */
export type PipelineFeed = Feed<{ readonly pipeline: Pipeline | null }>;

/** Reads about every part of the pipeline; one that fails does not keep the others from being shown. */
export function pipelineFeed({ query, kafka, nessieUri, sparkUri }: PipelineParts): PipelineFeed {
  const offsets = new TableOffsets(query);
  const read = async (): Promise<{ pipeline: Pipeline }> => {
    const [topics, progress, tables, spark] = await Promise.all([
      ask(
        "Kafka",
        asked(kafka, (each) => each.topics()),
        describeTopics,
      ),
      ask(
        "Query engine",
        () => offsets.read(),
        () => "Answers SQL",
      ),
      ask("Nessie", asked(nessieUri, readTables), describeTables),
      ask("Spark", asked(sparkUri, readSpark), describeSpark),
    ]);
    const pipeline = {
      readAt: new Date().toISOString(),
      health: [topics.health, spark.health, tables.health, progress.health],
      topics: topics.answer?.map((topic) => topicOf(topic, progress.answer)) ?? null,
      queries: spark.answer?.queries ?? null,
      tables: tables.answer,
    };
    return { pipeline };
  };
  return new Feed<{ readonly pipeline: Pipeline | null }>({ pipeline: null }, read, {
    interval: 5_000,
    rest: 1,
  });
}

/** The last messages of a topic; undefined if there is no such topic. */
export async function lastMessages(
  kafka: KafkaSource,
  name: string,
): Promise<Messages | undefined> {
  const topic = (await kafka.topics()).find((each) => each.name === name);
  if (topic === undefined) return undefined;
  return { topic: name, messages: readable(await kafka.lastMessages(topic, shownMessages)) };
}

/** The question to a part, if it is known where the part is. */
function asked<Where, Answer>(
  where: Where | undefined,
  question: (where: Where) => Promise<Answer>,
): (() => Promise<Answer>) | undefined {
  return where === undefined ? undefined : () => question(where);
}

async function ask<Answer>(
  name: string,
  question: (() => Promise<Answer>) | undefined,
  describe: (answer: Answer) => string,
): Promise<Part<Answer>> {
  if (question === undefined) {
    const detail = "The dashboard was not told where it is";
    return { answer: null, health: { name, state: "unknown", detail, milliseconds: null } };
  }
  const startedAt = performance.now();
  const milliseconds = (): number => Math.round(performance.now() - startedAt);
  try {
    const answer = await question();
    const health: Health = {
      ...{ name, state: "up", detail: describe(answer) },
      milliseconds: milliseconds(),
    };
    return { answer, health };
  } catch (error) {
    const health: Health = {
      ...{ name, state: "down", detail: messageOf(error) },
      milliseconds: milliseconds(),
    };
    return { answer: null, health };
  }
}

function topicOf(topic: TopicOffsets, progress: TableProgress | null): Topic {
  const sum = (of: (partition: TopicOffsets["partitions"][number]) => number): number =>
    topic.partitions.reduce((total, partition) => total + of(partition), 0);
  const lag = progress === null ? null : lagOf(topic, progress);
  return {
    name: topic.name,
    partitions: topic.partitions.length,
    messages: sum(({ low, high }) => high - low),
    endOffset: sum(({ high }) => high),
    lag,
    deadLetters: lag === null ? null : (progress?.deadLetters.get(topic.name) ?? 0),
  };
}

function describeTopics(topics: readonly TopicOffsets[]): string {
  return `${topics.length} topics`;
}

function describeTables(tables: readonly PipelineTable[]): string {
  return `${tables.length} tables`;
}

function describeSpark({ version, queries }: SparkAnswer): string {
  return queries.length === 0
    ? `Spark ${version}; it tells nothing of streaming queries: spark.sql.streaming.metricsEnabled is off`
    : `Spark ${version}`;
}
