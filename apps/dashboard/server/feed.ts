/** A section has changed. */
export type Listener<Name> = (name: Name) => void;

export interface Rhythm {
  /** Shortest time from one reading to the next, in ms. */
  readonly interval: number;
  /** The reader rests after each reading for this many times as long as it took. */
  readonly rest: number;
}

/** Grows with every change of any section, so that one number tells what a viewer has seen. */
let newestVersion = 0;

/**
 * Sections that all their viewers share. They are read again and again while at least one viewer
 * watches, and not at all otherwise; however many they are, the query engine has one reader.
 */
export class Feed<Sections extends object> {
  readonly #read: (shown: Sections) => Promise<Sections>;
  readonly #rhythm: Rhythm;
  readonly #listeners = new Set<Listener<keyof Sections & string>>();
  readonly #versions = new Map<string, number>();
  #sections: Sections;
  #reading: Promise<void> | undefined;
  #isPolling = false;
  /** When the next reading may begin, in ms since 1970. */
  #dueAt = -Infinity;

  /**
   * @param first what is shown until something was read.
   * @param read gives all sections from those shown before. It must not throw: what went wrong is
   *   for viewers to know, in a section.
   */
  constructor(first: Sections, read: (shown: Sections) => Promise<Sections>, rhythm: Rhythm) {
    this.#sections = first;
    this.#read = read;
    this.#rhythm = rhythm;
  }

  get sections(): Sections {
    return this.#sections;
  }

  get names(): (keyof Sections & string)[] {
    return Object.keys(this.#sections) as (keyof Sections & string)[];
  }

  get isWatched(): boolean {
    return this.#listeners.size > 0;
  }

  /** Grows with every change of a section. */
  versionOf(name: keyof Sections & string): number {
    return this.#versions.get(name) ?? 0;
  }

  /** Calls the listener at every change until the returned function is called. */
  watch(listener: Listener<keyof Sections & string>): () => void {
    this.#listeners.add(listener);
    if (!this.#isPolling) void this.#poll();
    return () => {
      this.#listeners.delete(listener);
    };
  }

  /** The sections as of now: read, unless that was done a moment ago or is done anyway for viewers. */
  async current(): Promise<Sections> {
    const wasRead = this.#dueAt > 0;
    if (wasRead && this.#isPolling) return this.#sections;
    if (Date.now() >= this.#dueAt) await this.#readOnce();
    else await this.#reading;
    return this.#sections;
  }

  async #poll(): Promise<void> {
    this.#isPolling = true;
    while (this.isWatched) {
      const early = this.#dueAt - Date.now();
      if (early > 0) await sleep(early);
      else await this.#readOnce();
    }
    this.#isPolling = false;
  }

  /** Whoever asks meanwhile waits for the same reading. */
  #readOnce(): Promise<void> {
    this.#reading ??= this.#readNow().finally(() => {
      this.#reading = undefined;
    });
    return this.#reading;
  }

  async #readNow(): Promise<void> {
    const startedAt = Date.now();
    const before = this.#sections;
    this.#sections = await this.#read(before);
    const took = Date.now() - startedAt;
    this.#dueAt = startedAt + Math.max(this.#rhythm.interval, took * (1 + this.#rhythm.rest));
    for (const name of this.names) {
      if (JSON.stringify(before[name]) === JSON.stringify(this.#sections[name])) continue;
      this.#versions.set(name, ++newestVersion);
      for (const listener of this.#listeners) listener(name);
    }
  }
}

/** Waits without keeping the process alive. */
function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, milliseconds).unref();
  });
}

/** What to tell viewers of a failure. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
