import { setTimeout as sleep } from "node:timers/promises";

import { topics, type Message, type Topic } from "./events.ts";
import { partitionOf } from "./partitioner.ts";

/** What a sender needs of Kafka. */
export interface Transport {
  /** How many partitions a topic has. */
  partitions(topic: Topic): Promise<number>;
  /**
   * Appends the messages to one partition, in order, and returns once they are acknowledged by all
   * replicas in sync. The same call may be made again after a failure: it appends them once.
   * @throws PermanentError if trying again would not help.
   */
  append(topic: Topic, partition: number, messages: readonly Message[]): Promise<void>;
  disconnect(): Promise<void>;
}

/** A failure to append that lasts: trying again would fail the same way. */
export class PermanentError extends Error {
  override readonly name = "PermanentError";
}

export interface SenderLimits {
  /** Most messages in one request. @default 2000 */
  readonly batchMessages?: number;
  /** Most characters in one request; brokers take 1 MiB by default. @default 393,216 */
  readonly batchCharacters?: number;
  /** How long a message waits for others to fill its batch, in ms. @default 50 */
  readonly linger?: number;
  /** How many characters may wait for Kafka before `send` makes its caller wait. @default 4 Mi */
  readonly bufferedCharacters?: number;
  /** How long a batch is tried again while Kafka is out of reach, in ms. @default 5 min */
  readonly deliveryTimeout?: number;
}

const defaults = {
  batchMessages: 2000,
  batchCharacters: 384 * 1024,
  linger: 50,
  bufferedCharacters: 4 * 1024 * 1024,
  deliveryTimeout: 5 * 60_000,
} satisfies Required<SenderLimits>;

/** Waiting times between two attempts, in ms. */
const firstBackoff = 100;
const longestBackoff = 3_000;

/** The messages of one partition: sent in order, one request at a time. */
interface Lane {
  readonly topic: Topic;
  readonly partition: number;
  waiting: Message[];
  characters: number;
  isSending: boolean;
  timer: NodeJS.Timeout | undefined;
}

/**
 * Sends messages in batches, in order within a partition, and counts what Kafka acknowledged.
 * Whoever sends faster than Kafka takes is made to wait. While Kafka is out of reach batches are
 * tried again; after `deliveryTimeout` the sender fails for good, and says so on every later call.
 */
export class Sender {
  readonly #transport: Transport;
  readonly #limits: Required<SenderLimits>;
  readonly #lanes: Readonly<Record<Topic, readonly Lane[]>>;
  readonly #acknowledged: Record<Topic, number> = { orders: 0, clicks: 0, errors: 0 };
  #buffered = { messages: 0, characters: 0 };
  #retries = 0;
  #trouble: Error | undefined;
  #isFlushing = false;
  #failure: Error | undefined;
  /** Woken whenever messages were acknowledged, or none ever will be again. */
  #progress = Promise.withResolvers<undefined>();

  private constructor(transport: Transport, lanes: Record<Topic, Lane[]>, limits: SenderLimits) {
    this.#transport = transport;
    this.#lanes = lanes;
    this.#limits = { ...defaults, ...limits };
  }

  /** A sender to every topic of the shop. */
  static async create(transport: Transport, limits: SenderLimits = {}): Promise<Sender> {
    const lanes: Record<Topic, Lane[]> = { orders: [], clicks: [], errors: [] };
    for (const topic of topics) {
      const partitions = await transport.partitions(topic);
      lanes[topic] = Array.from({ length: partitions }, (_, partition) => ({
        topic,
        partition,
        waiting: [],
        characters: 0,
        isSending: false,
        timer: undefined,
      }));
    }
    return new Sender(transport, lanes, limits);
  }

  /** Messages that Kafka has for certain, by topic. */
  get acknowledged(): Readonly<Record<Topic, number>> {
    return this.#acknowledged;
  }

  /** Messages taken but not acknowledged yet. */
  get unacknowledged(): number {
    return this.#buffered.messages;
  }

  /** Attempts that failed and were made again. */
  get retries(): number {
    return this.#retries;
  }

  /** Why the latest attempt failed; undefined once Kafka acknowledges again. */
  get trouble(): Error | undefined {
    return this.#trouble;
  }

  /**
   * Takes the messages; they are on their way when this returns, not yet acknowledged. Waits first
   * while too much is buffered.
   */
  async send(messages: readonly Message[]): Promise<void> {
    while (this.#buffered.characters >= this.#limits.bufferedCharacters) await this.#nextProgress();
    this.#throwIfFailed();
    for (const message of messages) {
      const lanes = this.#lanes[message.topic];
      const lane = lanes[partitionOf(message.key, lanes.length)];
      if (lane === undefined) throw new PermanentError(`Topic ${message.topic} has no partitions`);
      const characters = size(message);
      lane.waiting.push(message);
      lane.characters += characters;
      this.#buffered.messages += 1;
      this.#buffered.characters += characters;
      this.#wake(lane);
    }
  }

  /** Waits until everything taken so far is acknowledged. */
  async flush(): Promise<void> {
    this.#isFlushing = true;
    try {
      for (const lane of this.#allLanes()) this.#wake(lane);
      while (this.#buffered.messages > 0) await this.#nextProgress();
      this.#throwIfFailed();
    } finally {
      this.#isFlushing = false;
    }
  }

  /**
   * Flushes and disconnects.
   * @param timeout ms to wait for acknowledgements at most.
   * @throws Error that tells how many messages were not acknowledged in that time.
   */
  async close(timeout = this.#limits.deliveryTimeout): Promise<void> {
    const expiry = new AbortController();
    const expired = sleep(timeout, undefined, { signal: expiry.signal }).then(() => {
      throw new Error(`${this.#buffered.messages} messages were not acknowledged by Kafka in time`);
    });
    try {
      await Promise.race([this.flush(), expired]);
    } catch (error) {
      this.#fail(error);
      throw error;
    } finally {
      expired.catch(() => undefined);
      expiry.abort();
      await this.#transport.disconnect();
    }
  }

  /** Sends now what is full or must go, else within `linger`. */
  #wake(lane: Lane): void {
    if (lane.isSending || lane.waiting.length === 0) return;
    if (this.#isFlushing || this.#isFull(lane)) {
      clearTimeout(lane.timer);
      lane.timer = undefined;
      void this.#sendBatch(lane);
    } else {
      lane.timer ??= setTimeout(() => {
        lane.timer = undefined;
        void this.#sendBatch(lane);
      }, this.#limits.linger);
    }
  }

  #isFull(lane: Lane): boolean {
    return (
      lane.waiting.length >= this.#limits.batchMessages ||
      lane.characters >= this.#limits.batchCharacters
    );
  }

  async #sendBatch(lane: Lane): Promise<void> {
    lane.isSending = true;
    const { batch, characters } = this.#takeBatch(lane);
    try {
      await this.#append(lane, batch);
      this.#acknowledged[lane.topic] += batch.length;
      this.#buffered.messages -= batch.length;
      this.#buffered.characters -= characters;
    } catch (error) {
      this.#fail(error);
      return;
    }
    lane.isSending = false;
    this.#wake(lane);
    this.#announceProgress();
  }

  #takeBatch(lane: Lane): { batch: Message[]; characters: number } {
    let characters = 0;
    let count = 0;
    for (const message of lane.waiting) {
      const next = characters + size(message);
      const isTooMuch = count >= this.#limits.batchMessages || next > this.#limits.batchCharacters;
      if (count > 0 && isTooMuch) break;
      characters = next;
      count += 1;
    }
    const batch = lane.waiting.slice(0, count);
    lane.waiting = lane.waiting.slice(count);
    lane.characters -= characters;
    return { batch, characters };
  }

  async #append(lane: Lane, batch: readonly Message[]): Promise<void> {
    const deadline = Date.now() + this.#limits.deliveryTimeout;
    for (let backoff = firstBackoff; ; backoff = Math.min(backoff * 2, longestBackoff)) {
      try {
        await this.#transport.append(lane.topic, lane.partition, batch);
        this.#trouble = undefined;
        return;
      } catch (error) {
        this.#trouble = toError(error);
        const isOver = Date.now() + backoff > deadline || this.#failure !== undefined;
        if (error instanceof PermanentError || isOver) throw error;
        this.#retries += 1;
        await sleep(backoff);
      }
    }
  }

  #allLanes(): Lane[] {
    return topics.flatMap((topic) => this.#lanes[topic]);
  }

  #fail(error: unknown): void {
    this.#failure ??= toError(error);
    for (const lane of this.#allLanes()) clearTimeout(lane.timer);
    this.#announceProgress();
  }

  #throwIfFailed(): void {
    if (this.#failure !== undefined) throw this.#failure;
  }

  async #nextProgress(): Promise<void> {
    this.#throwIfFailed();
    await this.#progress.promise;
    this.#throwIfFailed();
  }

  #announceProgress(): void {
    this.#progress.resolve(undefined);
    this.#progress = Promise.withResolvers();
  }
}

function size(message: Message): number {
  return message.key.length + message.value.length;
}

function toError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
