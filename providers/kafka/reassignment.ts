import type { ActualPartition } from "./topic-admin.ts";

/**
 * Where the replicas of each partition go so that it has `factor` of them. Those that fit stay, the
 * leader first; further ones go to the brokers that hold the fewest of this topic.
 */
export function reassign(
  partitions: readonly ActualPartition[],
  brokers: readonly number[],
  factor: number,
): { partition: number; replicas: number[] }[] {
  const load = new Map(brokers.map((broker) => [broker, 0]));
  const count = (broker: number, by: number) => load.set(broker, (load.get(broker) ?? 0) + by);
  for (const { replicas } of partitions) replicas.forEach((broker) => count(broker, 1));

  return partitions.map(({ partitionId, leader, replicas: current }) => {
    const leaderFirst = [...current].sort((a, b) => Number(b === leader) - Number(a === leader));
    const replicas = leaderFirst.slice(0, factor);
    for (const dropped of leaderFirst.slice(factor)) count(dropped, -1);
    while (replicas.length < factor) {
      const free = brokers.filter((broker) => !replicas.includes(broker));
      const next = free.sort((a, b) => (load.get(a) ?? 0) - (load.get(b) ?? 0) || a - b)[0];
      if (next === undefined) throw new Error(`${factor} replicas need as many brokers`);
      replicas.push(next);
      count(next, 1);
    }
    return { partition: partitionId, replicas };
  });
}
