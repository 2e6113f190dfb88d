const countersPerPrefix = 0x1000;
const lowDigits = Array.from({ length: countersPerPrefix }, (_, low) =>
  low.toString(16).padStart(3, "0"),
);

/**
 * Ids in the form of a UUID (version 8, "custom"): when the producer started (48 bits), its seed
 * (12 bits) and a counter (60 bits). A producer that starts again starts later, so ids never meet.
 */
export class EventIds {
  readonly #start: string;
  #counter = 0;
  #prefix = "";

  /**
   * @param startedAt ms since 1970.
   * @param seed any integer; only its low 12 bits count.
   */
  constructor(startedAt: number, seed: number) {
    const time = startedAt.toString(16).padStart(12, "0");
    const low = (seed & 0xfff).toString(16).padStart(3, "0");
    this.#start = `${time.slice(0, 8)}-${time.slice(8)}-8${low}-8`;
  }

  next(): string {
    const low = this.#counter % countersPerPrefix;
    if (low === 0) {
      const high = (this.#counter / countersPerPrefix).toString(16).padStart(12, "0");
      this.#prefix = `${this.#start}${high.slice(0, 3)}-${high.slice(3)}`;
    }
    this.#counter += 1;
    return this.#prefix + (lowDigits[low] ?? "");
  }
}
