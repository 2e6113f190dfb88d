import type { EachMessagePayload, Kafka } from "kafkajs";
import { expect, it } from "vitest";

import { readTopic } from "../../../../apps/producer/read-topic.ts";

/**
 * A topic with one partition. Its consumer joins its group once `run` has returned, as one that failed
 * at first does, and gets messages from the offset that was sought by then.
 */
function kafkaWith(last: number): Kafka {
  let start: number | undefined;
  const listeners = new Map<string, () => void>();
  const idle = () => Promise.resolve();
  const consumer = {
    events: { GROUP_JOIN: "join", CRASH: "crash" },
    ...{ connect: idle, disconnect: idle },
    on: (event: string, listener: () => void) => listeners.set(event, listener),
    subscribe: ({ fromBeginning }: { fromBeginning?: boolean }) => {
      start = fromBeginning === true ? 0 : last;
      return Promise.resolve();
    },
    run: ({ eachMessage }: { eachMessage: (payload: EachMessagePayload) => Promise<void> }) => {
      const joinAndRead = async (): Promise<void> => {
        listeners.get("join")?.();
        for (let offset = start ?? 0; offset <= last; offset++) {
          const message = { offset: String(offset) };
          await eachMessage({ topic: "letters", partition: 0, message } as EachMessagePayload);
        }
      };
      setImmediate(() => void joinAndRead());
      return Promise.resolve();
    },
    seek: ({ offset }: { offset: string }) => (start = Number(offset)),
  };
  const admin = { connect: idle, disconnect: idle, deleteGroups: idle };
  return { consumer: () => consumer, admin: () => admin } as unknown as Kafka;
}

it.each([
  { first: 0, last: 4, expected: [0, 1, 2, 3, 4] },
  { first: 2, last: 5, expected: [2, 3, 4, 5] },
])("reads $first to $last once each, however late the consumer joins", async (span) => {
  const offsets: number[] = [];
  const isComplete = await readTopic(
    kafkaWith(6),
    "letters",
    [{ partition: 0, ...span }],
    ({ message }) => void offsets.push(Number(message.offset)),
    1_000,
  );
  expect({ isComplete, offsets }).toEqual({ isComplete: true, offsets: span.expected });
});
