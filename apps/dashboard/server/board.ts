import { setTimeout as sleep } from "node:timers/promises";

import { type SectionName, sectionNames, type Sections } from "../api.ts";
import { endOf, readSeries, totals } from "./kpis.ts";
import { readAlerts, readErrors, readOrders, readPipeline } from "./latest.ts";
import type { Query } from "./rows.ts";

/** From one reading to the next, in ms, while somebody is watching. */
const interval = 1_000;
/** What changes slowly is read every so many rounds. */
const slowRounds = 5;
/** Data whose newest minute is over for longer than this are not of now, in ms. */
const historicAfter = 3 * 60_000;

/** A section has changed. */
export type Listener = (name: SectionName) => void;

/**
 * What all viewers see. The tables are read about once a second while at least one of them watches, and
 * not at all otherwise; however many they are, the query engine has one reader.
 */
export class Board {
  readonly #query: Query;
  readonly #listeners = new Set<Listener>();
  readonly #versions: Record<SectionName, number>;
  #sections: Sections = {
    status: { state: "loading", readAt: null, problem: null, dataTime: null, isHistoric: false },
    kpis: null,
    series: [],
    orders: [],
    alerts: [],
    errors: [],
    pipeline: null,
  };
  #version = 0;
  #rounds = 0;
  #reading: Promise<void> | undefined;
  #isPolling = false;
  #triedAt = -Infinity;

  constructor(query: Query) {
    this.#query = query;
    this.#versions = Object.fromEntries(sectionNames.map((name) => [name, 0])) as Record<
      SectionName,
      number
    >;
  }

  get sections(): Sections {
    return this.#sections;
  }

  /** Grows with every change of a section. */
  versionOf(name: SectionName): number {
    return this.#versions[name];
  }

  /** How many watch. */
  get watchers(): number {
    return this.#listeners.size;
  }

  /** Calls the listener at every change until the returned function is called. */
  watch(listener: Listener): () => void {
    this.#listeners.add(listener);
    if (!this.#isPolling) void this.#poll();
    return () => {
      this.#listeners.delete(listener);
    };
  }

  /** The sections as of now: read unless that was done within the last second. */
  async current(): Promise<Sections> {
    if (Date.now() - this.#triedAt >= interval) await this.#read();
    else await this.#reading;
    return this.#sections;
  }

  async #poll(): Promise<void> {
    this.#isPolling = true;
    while (this.#listeners.size > 0) {
      const startedAt = Date.now();
      await this.#read();
      // A slow engine is left in peace for as long as it took, up to the interval.
      const took = Date.now() - startedAt;
      await sleep(Math.max(interval - took, Math.min(took, interval)), undefined, { ref: false });
    }
    this.#isPolling = false;
  }

  /** Reads once; whoever asks meanwhile waits for the same reading. */
  #read(): Promise<void> {
    this.#reading ??= this.#readAll().finally(() => {
      this.#reading = undefined;
    });
    return this.#reading;
  }

  async #readAll(): Promise<void> {
    this.#triedAt = Date.now();
    try {
      const series = await readSeries(this.#query);
      const isSlowRound = this.#rounds++ % slowRounds === 0;
      const [orders, errors, alerts, pipeline] = await Promise.all([
        readOrders(this.#query, series),
        readErrors(this.#query, series),
        isSlowRound ? readAlerts(this.#query) : this.#sections.alerts,
        isSlowRound ? readPipeline(this.#query, series) : this.#sections.pipeline,
      ]);
      const now = Date.now();
      const newest = series.at(-1);
      const dataTime = newest === undefined ? null : endOf(newest);
      this.#show({
        status: {
          state: "live",
          readAt: new Date(now).toISOString(),
          problem: null,
          dataTime,
          isHistoric: dataTime !== null && now - Date.parse(dataTime) > historicAfter,
        },
        kpis: totals(series, now),
        series,
        orders,
        alerts,
        errors,
        pipeline,
      });
    } catch (error) {
      const problem = error instanceof Error ? error.message : String(error);
      const { status } = this.#sections;
      const state = status.readAt === null ? "loading" : "stale";
      this.#show({ ...this.#sections, status: { ...status, state, problem } });
    }
  }

  #show(sections: Sections): void {
    const before = this.#sections;
    this.#sections = sections;
    for (const name of sectionNames) {
      if (JSON.stringify(before[name]) === JSON.stringify(sections[name])) continue;
      this.#versions[name] = ++this.#version;
      for (const listener of this.#listeners) listener(name);
    }
  }
}
