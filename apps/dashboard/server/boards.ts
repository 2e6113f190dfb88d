import type { Board, Details, Status } from "../api.ts";
import { type Range, rangeParameters } from "../range.ts";
import { Feed, messageOf } from "./feed.ts";
import { kpisOf, readSlices, seriesOf } from "./kpis.ts";
import { readAlerts, readErrors, readOrders } from "./latest.ts";
import { type DataTimes, intervalOf, minute, type Window, windowOf } from "./period.ts";
import { type Query, textOrNull } from "./rows.ts";
import { readTop } from "./top.ts";
import { readBuyers, readUsers } from "./users.ts";

/** Data whose newest minute is over for longer than this are not of now, in ms. */
const historicAfter = 3 * minute;
/** Alerts change seldom: they are read in every so many-th reading. */
const alertRounds = 3;
/** Shortest time between two readings of details, in ms. */
const detailInterval = 5_000;
/**
 * How many times as long as a reading took its feed rests. On a busy machine this leaves the time to
 * the stream: with rests of 1 and 3 its events were visible after twice the time.
 */
const boardRest = 4;
const detailRest = 9;
/** Ranges that are kept in memory; those that nobody watches make room for others. */
const mostRanges = 32;

/** What all viewers of a range share. */
export interface RangeFeeds {
  readonly board: Feed<Board>;
  readonly details: Feed<Details>;
}

/** The feeds of all ranges that somebody has asked for lately. */
export class Boards {
  readonly #query: Query;
  readonly #feeds = new Map<string, RangeFeeds>();

  constructor(query: Query) {
    this.#query = query;
  }

  /** The feeds of a range, the same for everybody. */
  of(range: Range): RangeFeeds {
    const key = String(rangeParameters(range));
    const feeds = this.#feeds.get(key) ?? {
      board: boardFeed(this.#query, range),
      details: detailFeed(this.#query, range),
    };
    // At the end of the order, as the one that was asked for last.
    this.#feeds.delete(key);
    this.#feeds.set(key, feeds);
    this.#forgetOldest();
    return feeds;
  }

  #forgetOldest(): void {
    const unwatched = [...this.#feeds].filter(([, { board }]) => !board.isWatched);
    const excess = Math.max(0, this.#feeds.size - mostRanges);
    for (const [key] of unwatched.slice(0, excess)) this.#feeds.delete(key);
  }
}

function boardFeed(query: Query, range: Range): Feed<Board> {
  const first: Board = {
    status: { state: "loading", readAt: null, problem: null, dataTime: null, isHistoric: false },
    kpis: null,
    series: { stepMinutes: 1, points: [] },
    orders: [],
    alerts: [],
    errors: [],
  };
  let round = 0;
  const read = async (shown: Board): Promise<Board> => {
    try {
      const data = await readDataTimes(query, range);
      if (data === null) return { ...first, status: live(null) };
      const window = windowOf(range, data);
      const slices = await readSlices(query, window);
      const series = seriesOf(slices, window);
      const [orders, errors, alerts] = await Promise.all([
        readOrders(query, series, window.to),
        readErrors(query, series, window.to),
        round++ % alertRounds === 0
          ? readAlerts(query, window, typeof range === "string")
          : shown.alerts,
      ]);
      return {
        status: live(data.end),
        kpis: kpisOf(slices, window),
        series,
        orders,
        alerts,
        errors,
      };
    } catch (error) {
      // What belongs to the round that failed comes with the next.
      round = 0;
      const state = shown.status.readAt === null ? "loading" : "stale";
      return { ...shown, status: { ...shown.status, state, problem: messageOf(error) } };
    }
  };
  return new Feed(first, read, { interval: intervalOf(range), rest: boardRest });
}

function detailFeed(query: Query, range: Range): Feed<Details> {
  const first: Details = {
    users: null,
    buyers: [],
    top: { products: [], categories: [] },
    detailStatus: { readAt: null, problem: null },
  };
  const read = async (shown: Details): Promise<Details> => {
    try {
      const data = await readDataTimes(query, range);
      const detailStatus = { readAt: new Date().toISOString(), problem: null };
      if (data === null) return { ...first, detailStatus };
      const window: Window = windowOf(range, data);
      const [users, buyers, top] = await Promise.all([
        readUsers(query, window),
        readBuyers(query, window),
        readTop(query, window),
      ]);
      return { users, buyers, top, detailStatus };
    } catch (error) {
      return { ...shown, detailStatus: { ...shown.detailStatus, problem: messageOf(error) } };
    }
  };
  return new Feed(first, read, {
    interval: Math.max(detailInterval, intervalOf(range)),
    rest: detailRest,
  });
}

function live(dataEnd: number | null): Status {
  const now = Date.now();
  return {
    state: "live",
    readAt: new Date(now).toISOString(),
    problem: null,
    dataTime: dataEnd === null ? null : new Date(dataEnd).toISOString(),
    isHistoric: dataEnd !== null && now - dataEnd > historicAfter,
  };
}

/** Null while there are no data. */
export async function readDataTimes(query: Query, range: Range): Promise<DataTimes | null> {
  const [newest, oldest] = await Promise.all([
    firstMinute(query, "DESC"),
    range === "all" ? firstMinute(query, "ASC") : null,
  ]);
  return newest === null ? null : { start: oldest ?? newest, end: newest + minute };
}

async function firstMinute(query: Query, direction: "ASC" | "DESC"): Promise<number | null> {
  const [row = {}] = await query(
    `SELECT window_start FROM ecommerce_db.kpis_per_minute
     ORDER BY window_start ${direction} LIMIT 1`,
  );
  const start = textOrNull(row, "window_start");
  return start === null ? null : Date.parse(start);
}
