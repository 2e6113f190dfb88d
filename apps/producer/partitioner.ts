const seed = 0x9747b28c;
const multiplier = 0x5bd1e995;

/**
 * The partition that Kafka's own clients choose for a key: murmur2 of its bytes. Written with 32-bit
 * integers because the one in kafkajs uses big integers and would take most of a core.
 *
 * @param partitions how many the topic has, at least 1.
 */
export function partitionOf(key: string, partitions: number): number {
  return (murmur2(Buffer.from(key)) & 0x7fffffff) % partitions;
}

function murmur2(bytes: Buffer): number {
  let hash = seed ^ bytes.length;
  let index = 0;
  for (; index + 4 <= bytes.length; index += 4) {
    let word = Math.imul(bytes.readInt32LE(index), multiplier);
    word = Math.imul(word ^ (word >>> 24), multiplier);
    hash = Math.imul(hash, multiplier) ^ word;
  }
  if (index < bytes.length) {
    hash = Math.imul(hash ^ bytes.readUIntLE(index, bytes.length - index), multiplier);
  }
  hash = Math.imul(hash ^ (hash >>> 13), multiplier);
  return hash ^ (hash >>> 15);
}
