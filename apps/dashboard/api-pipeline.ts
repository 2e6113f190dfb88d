/** What the server tells the browser of the parts that data pass through. */

/** Whether a part of the platform answers. */
export interface Health {
  readonly name: string;
  /** `unknown`: the dashboard was not told where it is. */
  readonly state: "up" | "down" | "unknown";
  /** What it says of itself, or why it does not answer. */
  readonly detail: string;
  /** How long its answers took. */
  readonly milliseconds: number | null;
}

/** Messages of a topic that are not in a table yet. */
export interface Lag {
  readonly messages: number;
  /** By partition, in their order. */
  readonly partitions: readonly number[];
}

/** A topic of Kafka. */
export interface Topic {
  readonly name: string;
  readonly partitions: number;
  /** Messages that Kafka holds. */
  readonly messages: number;
  /** Messages since the topic was made. */
  readonly endOffset: number;
  /** Null for topics that the streaming job does not read, or if the tables could not be asked. */
  readonly lag: Lag | null;
  /** Dead letters among its messages; null if the tables could not be asked. */
  readonly deadLetters: number | null;
}

/** A query of Spark Structured Streaming, as of its last batch. */
export interface StreamingQuery {
  readonly name: string;
  /** Rows per second that came in. */
  readonly inputRate: number | null;
  /** Rows per second that it can process. */
  readonly processingRate: number | null;
  readonly batchMilliseconds: number | null;
}

/** An Iceberg table, as its newest snapshot sums it up. */
export interface PipelineTable {
  readonly name: string;
  readonly rows: number | null;
  readonly files: number | null;
  readonly bytes: number | null;
  /** Commits since the table was made, each of which made a snapshot. */
  readonly commits: number | null;
  readonly lastCommit: string | null;
}

/** Each list is null if the part that knows it did not answer; `health` says why. */
export interface Pipeline {
  readonly readAt: string;
  readonly health: readonly Health[];
  readonly topics: readonly Topic[] | null;
  readonly queries: readonly StreamingQuery[] | null;
  readonly tables: readonly PipelineTable[] | null;
}

/** The last messages of a topic, newest first. */
export interface Messages {
  readonly topic: string;
  readonly messages: readonly {
    readonly partition: number;
    readonly offset: string;
    /** When Kafka got it. */
    readonly time: string;
    readonly key: string | null;
    /** As text, indented if it is JSON, cut if it is long. */
    readonly value: string;
  }[];
}
