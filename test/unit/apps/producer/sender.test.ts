import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { type Message, type Topic, topics } from "../../../../apps/producer/events.ts";
import {
  PermanentError,
  Sender,
  type SenderLimits,
  type Transport,
} from "../../../../apps/producer/sender.ts";

/** A Kafka in memory that can fail, and that notices two requests at a time for one partition. */
class FakeKafka implements Transport {
  readonly log = new Map<string, string[]>();
  readonly batches: (readonly Message[])[] = [];
  readonly #inFlight = new Set<string>();
  isDisconnected = false;
  /** Runs before each append; whatever it throws makes the append fail. */
  before: () => Promise<void> = () => Promise.resolve();

  partitions(): Promise<number> {
    return Promise.resolve(3);
  }

  async append(topic: Topic, partition: number, messages: readonly Message[]): Promise<void> {
    const name = `${topic}/${partition}`;
    if (this.#inFlight.has(name)) throw new PermanentError(`Two requests at a time for ${name}`);
    this.#inFlight.add(name);
    try {
      await this.before();
    } finally {
      this.#inFlight.delete(name);
    }
    this.batches.push(messages);
    this.log.set(name, [...(this.log.get(name) ?? []), ...messages.map(({ value }) => value)]);
  }

  disconnect(): Promise<void> {
    this.isDisconnected = true;
    return Promise.resolve();
  }

  get values(): string[] {
    return [...this.log.values()].flat();
  }
}

const message = (topic: Topic, key: string, value: string): Message => ({ topic, key, value });

const many = (count: number, topic: Topic = "clicks"): Message[] =>
  Array.from({ length: count }, (_, index) => message(topic, `user-${index % 7}`, String(index)));

async function start(limits: SenderLimits = {}): Promise<{ kafka: FakeKafka; sender: Sender }> {
  const kafka = new FakeKafka();
  return { kafka, sender: await Sender.create(kafka, { linger: 1, ...limits }) };
}

/** Fails the first `count` times. */
function failing(count: number, error: Error): () => Promise<void> {
  let left = count;
  return () => (left-- > 0 ? Promise.reject(error) : Promise.resolve());
}

describe("Sender", () => {
  it("delivers every message once, in order within its key", async () => {
    const messages = fc.array(
      fc.record({
        topic: fc.constantFrom(...topics),
        key: fc.constantFrom("a", "b", "c", "d", "e"),
        value: fc.string(),
      }),
    );
    const limits = { batchMessages: 3, batchCharacters: 40, bufferedCharacters: 100 };
    await fc.assert(
      fc.asyncProperty(fc.array(messages, { maxLength: 5 }), async (calls) => {
        const { kafka, sender } = await start(limits);
        const numbered = calls.map((call, index) =>
          call.map((item, position) => ({
            ...item,
            value: JSON.stringify([item.topic, item.key, index, position]),
          })),
        );
        for (const call of numbered) await sender.send(call);
        await sender.flush();
        const sent = numbered.flat().map(({ value }) => value);
        expect(kafka.values.toSorted()).toEqual(sent.toSorted());
        for (const log of kafka.log.values()) {
          expect(log).toEqual(sent.filter((value) => log.includes(value)));
        }
        for (const batch of kafka.batches) expect(batch.length).toBeLessThanOrEqual(3);
        expect(sender.unacknowledged).toBe(0);
      }),
      { numRuns: 50 },
    );
  });

  it("sends by itself what does not fill a batch", async () => {
    const { kafka, sender } = await start();
    const arrived = new Promise<void>((resolve) => {
      kafka.before = () => {
        resolve();
        return Promise.resolve();
      };
    });
    await sender.send(many(1));
    await arrived;
    await sender.close();
    expect(kafka.values).toEqual(["0"]);
  });

  it("counts as acknowledged only what Kafka has", async () => {
    const { kafka, sender } = await start({ linger: 60_000 });
    await sender.send([...many(10), ...many(4, "orders")]);
    expect(sender.acknowledged).toEqual({ orders: 0, clicks: 0, errors: 0 });
    expect(sender.unacknowledged).toBe(14);
    await sender.flush();
    expect(sender.acknowledged).toEqual({ orders: 4, clicks: 10, errors: 0 });
    expect(kafka.values).toHaveLength(14);
  });

  it("makes its caller wait while too much is buffered", async () => {
    const { kafka, sender } = await start({ bufferedCharacters: 50 });
    const gate = Promise.withResolvers<undefined>();
    kafka.before = () => gate.promise.then(() => undefined);
    await sender.send(many(20));
    let isTaken = false;
    const next = sender.send(many(1)).then(() => {
      isTaken = true;
    });
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(isTaken).toBe(false);
    gate.resolve(undefined);
    await next;
    await sender.flush();
    expect(kafka.values).toHaveLength(21);
  });

  it("tries again until Kafka is back, and then has sent everything in order", async () => {
    const { kafka, sender } = await start();
    kafka.before = failing(3, new Error("connection refused"));
    await sender.send(many(50));
    await sender.flush();
    expect(kafka.values.map(Number).toSorted((a, b) => a - b)).toEqual([...many(50).keys()]);
    for (const log of kafka.log.values()) {
      expect(log.map(Number)).toEqual(log.map(Number).toSorted((a, b) => a - b));
    }
    expect(sender.retries).toBe(3);
    expect(sender.trouble).toBeUndefined();
  });

  it("gives up after the delivery timeout, and says why ever after", async () => {
    const { kafka, sender } = await start({ deliveryTimeout: 250 });
    kafka.before = failing(Infinity, new Error("connection refused"));
    await sender.send(many(5));
    await expect(sender.flush()).rejects.toThrow("connection refused");
    await expect(sender.send(many(1))).rejects.toThrow("connection refused");
    expect(sender.trouble?.message).toBe("connection refused");
    await expect(sender.close()).rejects.toThrow("connection refused");
    expect(kafka.isDisconnected).toBe(true);
  });

  it("does not try again what cannot work", async () => {
    const { kafka, sender } = await start();
    kafka.before = failing(Infinity, new PermanentError("too large"));
    await sender.send(many(1));
    await expect(sender.flush()).rejects.toThrow("too large");
    expect(sender.retries).toBe(0);
  });

  it("flushes and disconnects when it is closed", async () => {
    const { kafka, sender } = await start({ linger: 60_000 });
    await sender.send(many(100));
    await sender.close();
    expect(kafka.values).toHaveLength(100);
    expect(kafka.isDisconnected).toBe(true);
  });

  it("tells how many messages are lost if it must close while Kafka is away", async () => {
    const { kafka, sender } = await start();
    kafka.before = failing(Infinity, new Error("connection refused"));
    await sender.send(many(12));
    await expect(sender.close(50)).rejects.toThrow("12 messages were not acknowledged");
    expect(kafka.isDisconnected).toBe(true);
  });
});
