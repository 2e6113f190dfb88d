/**
 * A small seeded pseudo-random number generator (mulberry32 by Tommy Ettinger, public domain):
 * the same seed gives the same shop. 32 bits of state are plenty for that, and no secret is made of it.
 */
export class Random {
  #state: number;

  /** @param seed any integer; only its low 32 bits count. */
  constructor(seed: number) {
    this.#state = seed | 0;
  }

  /** A number from 0 up to, not including, 1. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000;
  }

  /** A whole number from 0 up to, not including, `limit`. */
  below(limit: number): number {
    return Math.floor(this.next() * limit);
  }

  /** True with the given probability, 0 to 1. */
  chance(probability: number): boolean {
    return this.next() < probability;
  }

  /** One of the items, each as likely as the other. */
  pick<T>(items: readonly T[]): T {
    const item = items[this.below(items.length)];
    if (item === undefined) throw new RangeError("There is nothing to pick from");
    return item;
  }
}

/** Picks indexes with given relative weights, in constant time whatever their number (Walker's alias method). */
export class WeightedChoice {
  readonly #probability: Float64Array;
  readonly #alias: Uint32Array;

  /** @param weights relative, at least 0, not all 0. */
  constructor(weights: readonly number[]) {
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    this.#probability = Float64Array.from(weights, (weight) => (weight * weights.length) / total);
    this.#alias = new Uint32Array(weights.length);
    const poor: number[] = [];
    const rich: number[] = [];
    this.#probability.forEach((share, index) => (share < 1 ? poor : rich).push(index));
    for (;;) {
      const poorest = poor.pop();
      const richest = rich.at(-1);
      if (poorest === undefined || richest === undefined) break;
      this.#alias[poorest] = richest;
      const left = this.#share(richest) - (1 - this.#share(poorest));
      this.#probability[richest] = left;
      if (left < 1) {
        rich.pop();
        poor.push(richest);
      }
    }
    // What remains differs from 1 by rounding alone.
    for (const index of [...poor, ...rich]) this.#probability[index] = 1;
  }

  pick(random: Random): number {
    const index = random.below(this.#alias.length);
    return random.chance(this.#share(index)) ? index : (this.#alias[index] ?? index);
  }

  #share(index: number): number {
    return this.#probability[index] ?? 1;
  }
}
