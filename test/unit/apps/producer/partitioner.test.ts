import fc from "fast-check";
import { Partitioners } from "kafkajs";
import { expect, it } from "vitest";

import { partitionOf } from "../../../../apps/producer/partitioner.ts";

it("chooses the partition that kafkajs, and so every Kafka client, chooses", () => {
  const choose = Partitioners.DefaultPartitioner();
  fc.assert(
    fc.property(
      fc.string({ unit: "grapheme", minLength: 1 }),
      fc.integer({ min: 1, max: 50 }),
      (key, count) => {
        const partitionMetadata = Array.from({ length: count }, (_, partitionId) => ({
          partitionId,
          leader: 0,
          partitionErrorCode: 0,
          replicas: [],
          isr: [],
        }));
        const message = { key, value: "" };
        expect(partitionOf(key, count)).toBe(choose({ topic: "t", partitionMetadata, message }));
      },
    ),
  );
});
