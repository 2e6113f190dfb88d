import type { Readable } from "node:stream";

/** More than these are refused: each holds a connection open. */
const most = 200;

/** Browsers that are watching now. */
export class Viewers {
  #count = 0;

  get count(): number {
    return this.#count;
  }

  /** Whether no other can be let in. */
  get areMost(): boolean {
    return this.#count >= most;
  }

  /** Counts a viewer for as long as its stream lasts. */
  counted(stream: Readable): Readable {
    this.#count++;
    stream.once("close", () => this.#count--);
    return stream;
  }
}
