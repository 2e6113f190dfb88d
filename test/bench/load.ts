import { on } from "node:events";
import { Worker } from "node:worker_threads";

import { UserError } from "../../cli/errors.ts";
import type { Count } from "./freshness.ts";

/** A load to be sent. */
export interface LoadOrder {
  /** Events per second. */
  readonly rate: number;
  readonly seconds: number;
}

/** What was sent so far, or that all of it has arrived. */
export type LoadMessage = Count | "sent";

/** Sends loads from a thread of its own: what is measured beside them must not wait for them. */
export class Load {
  readonly #thread: Worker;
  #failure: Error | undefined;

  /** @param brokers `host:port` of some brokers of Kafka. */
  constructor(brokers: readonly string[]) {
    this.#thread = new Worker(new URL("load-thread.ts", import.meta.url), { workerData: brokers });
    this.#thread.once("error", (error: Error) => {
      this.#failure = error;
    });
  }

  /**
   * Sends a shop's events at a steady rate, until all of them have arrived. One load at a time.
   *
   * @param note is told how much was sent when.
   * @throws UserError if Kafka does not take them.
   */
  async send(order: LoadOrder, note: (count: Count) => void): Promise<void> {
    try {
      if (this.#failure !== undefined) throw this.#failure;
      this.#thread.postMessage(order);
      for await (const [message] of on(this.#thread, "message") as AsyncIterable<[LoadMessage]>) {
        if (message === "sent") return;
        note(message);
      }
    } catch (error) {
      throw new UserError("The load could not be sent", {
        cure: "`npm run status` tells whether Kafka is there.",
        cause: error,
      });
    }
  }

  /** Ends the thread. */
  async close(): Promise<void> {
    await this.#thread.terminate();
  }
}
