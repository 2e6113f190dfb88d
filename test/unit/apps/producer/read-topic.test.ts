import type { EachMessagePayload, Kafka } from "kafkajs";
import { expect, it } from "vitest";

import { readTopic } from "../../../../apps/producer/read-topic.ts";

/**
 * A topic with one partition whose consumer gets messages as the broker may send them: from wherever
 * it stands when it is started, and from another offset once that was sought.
 */
function kafkaWith(last: number): Kafka {
  let start = last;
  let eachMessage: (payload: EachMessagePayload) => Promise<void> | void;
  const deliver = async (from: number): Promise<void> => {
    for (let offset = from; offset <= last; offset++) {
      await eachMessage({
        topic: "letters",
        partition: 0,
        message: { offset: String(offset) },
      } as EachMessagePayload);
    }
  };
  const idle = () => Promise.resolve();
  const consumer = {
    ...{ connect: idle, disconnect: idle },
    subscribe: ({ fromBeginning }: { fromBeginning?: boolean }) => {
      if (fromBeginning === true) start = 0;
      return Promise.resolve();
    },
    run: async (config: { eachMessage: typeof eachMessage }) => {
      ({ eachMessage } = config);
      await deliver(start);
    },
    seek: ({ offset }: { offset: string }) => void deliver(Number(offset)),
  };
  const admin = { connect: idle, disconnect: idle, deleteGroups: idle };
  return { consumer: () => consumer, admin: () => admin } as unknown as Kafka;
}

it.each([
  { first: 0, last: 4, expected: [0, 1, 2, 3, 4] },
  { first: 2, last: 5, expected: [2, 3, 4, 5] },
])("reads $first to $last once each, whatever comes before the seek", async (span) => {
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
