/**
 * Counts how often each row came before, exactly, without remembering a whole file where its rows
 * are in some order: equal rows have equal times, so a time can be forgotten once no row of that
 * time can come any more.
 */
export class Occurrences {
  readonly #disorder: number;
  readonly #countsByTime = new Map<number | undefined, Map<string, number>>();
  #latestTime = -Infinity;

  /** @param disorder by how many ms a row's time is behind an earlier row's at most. */
  constructor(disorder: number) {
    this.#disorder = disorder;
  }

  /**
   * @param row what makes rows equal.
   * @param time the row's time in ms; rows without one are remembered to the end.
   * @returns how many equal rows came before this one.
   */
  next(row: string, time: number | undefined): number {
    if (time !== undefined && time > this.#latestTime) {
      this.#latestTime = time;
      this.#forgetBefore(time - this.#disorder);
    }
    let counts = this.#countsByTime.get(time);
    if (counts === undefined) {
      counts = new Map();
      this.#countsByTime.set(time, counts);
    }
    const count = counts.get(row) ?? 0;
    counts.set(row, count + 1);
    return count;
  }

  #forgetBefore(time: number): void {
    for (const known of this.#countsByTime.keys()) {
      if (known !== undefined && known < time) this.#countsByTime.delete(known);
    }
  }
}
