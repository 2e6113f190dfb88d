import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { reassign } from "../../../../providers/kafka/reassignment.ts";

describe("reassign", () => {
  it("keeps the replicas that are there and adds the least loaded brokers", () => {
    const partitions = [
      { partitionId: 0, leader: 1, replicas: [1] },
      { partitionId: 1, leader: 2, replicas: [2] },
      { partitionId: 2, leader: 1, replicas: [1] },
    ];
    expect(reassign(partitions, [1, 2, 3], 2)).toEqual([
      { partition: 0, replicas: [1, 3] },
      { partition: 1, replicas: [2, 3] },
      { partition: 2, replicas: [1, 2] },
    ]);
  });

  it("keeps the leader when there are fewer", () => {
    const partitions = [{ partitionId: 0, leader: 3, replicas: [1, 2, 3] }];
    expect(reassign(partitions, [1, 2, 3], 1)).toEqual([{ partition: 0, replicas: [3] }]);
  });

  it("gives every partition exactly as many different brokers as asked", () => {
    const cluster = fc
      .record({ size: fc.integer({ min: 1, max: 6 }), count: fc.integer({ min: 1, max: 20 }) })
      .chain(({ size, count }) => {
        const brokers = Array.from({ length: size }, (_, index) => index);
        const replicas = fc.shuffledSubarray(brokers, { minLength: 1 });
        return fc.record({
          brokers: fc.constant(brokers),
          factor: fc.integer({ min: 1, max: size }),
          assignments: fc.array(replicas, { minLength: count, maxLength: count }),
        });
      });
    fc.assert(
      fc.property(cluster, ({ brokers, factor, assignments }) => {
        const partitions = assignments.map((replicas, partitionId) => ({
          partitionId,
          leader: replicas[0] ?? -1,
          replicas,
        }));
        for (const [index, { replicas }] of reassign(partitions, brokers, factor).entries()) {
          expect(new Set(replicas).size).toBe(factor);
          expect(replicas).toHaveLength(factor);
          expect(replicas[0]).toBe(partitions[index]?.leader);
        }
      }),
    );
  });
});
