/**
 * What the server tells the browser. All times are ISO 8601 in UTC; money is a decimal text, so
 * that no float ever touches it.
 */

export type {
  Health,
  Lag,
  Messages,
  Pipeline,
  PipelineTable,
  StreamingQuery,
  Topic,
} from "./api-pipeline.ts";

/** How current everything else is. */
export interface Status {
  /** `loading`: nothing was read yet; `stale`: the latest attempt to read failed, older data are shown. */
  readonly state: "loading" | "live" | "stale";
  /** When the data were last read. */
  readonly readAt: string | null;
  /** Why reading fails. */
  readonly problem: string | null;
  /** End of the newest minute that has an event; null while there is none. */
  readonly dataTime: string | null;
  /** Whether the newest data are minutes old: replayed, or nothing comes in. */
  readonly isHistoric: boolean;
}

/** Sums over a period. */
export interface Totals {
  readonly orders: number;
  readonly revenue: string;
  /** revenue / orders, rounded to the cent; null without an order. */
  readonly averageOrderValue: string | null;
  readonly clicks: number;
  readonly carts: number;
  readonly errors: number;
  /** errors / (orders + clicks + errors), 0 to 1. */
  readonly errorRate: number;
}

/** Totals of the range. */
export interface Kpis extends Totals {
  readonly from: string;
  /** Not part of the range. */
  readonly to: string;
  /** Totals of the time of equal length before; null if there are no data of it. */
  readonly before: Totals | null;
}

/** Distinct users of a period, counted over all of it. */
export interface UserCounts {
  /** With an order or a click. */
  readonly activeUsers: number;
  /** With an order. */
  readonly buyers: number;
  /** buyers / activeUsers, 0 to 1; null without users. */
  readonly conversion: number | null;
}

/** Users of the range, and of the time of equal length before if there were any. */
export interface Users extends UserCounts {
  readonly before: UserCounts | null;
}

/** KPIs of one step of the trend: a minute, or more in long ranges. */
export interface Point {
  readonly start: string;
  readonly orders: number;
  readonly revenue: string;
  readonly clicks: number;
  readonly carts: number;
  readonly errors: number;
  readonly errorRate: number;
  /** Distinct users of each minute, added up over the minutes. */
  readonly userMinutes: number;
  /** Distinct users a minute: the mean over the step's minutes that have events. */
  readonly activeUsers: number;
}

export interface Series {
  /** Length of a step in minutes. */
  readonly stepMinutes: number;
  /** Oldest first, without gaps, at most some 500. */
  readonly points: readonly Point[];
}

/** Distinct buyers of each minute, added up over the minutes of a step of the trend. */
export interface Buyers {
  readonly start: string;
  readonly buyerMinutes: number;
}

/** A product or a category, by its revenue. */
export interface Seller {
  /** Product id or category; null for orders without a category. */
  readonly name: string | null;
  /** Of a product: its brand and category. */
  readonly detail: string | null;
  readonly orders: number;
  readonly revenue: string;
}

/** The best of the range, best first. */
export interface Top {
  readonly products: readonly Seller[];
  readonly categories: readonly Seller[];
}

export interface Order {
  readonly orderId: string;
  readonly time: string;
  readonly userId: string;
  readonly productId: string;
  readonly category: string | null;
  readonly brand: string | null;
  readonly price: string;
  readonly quantity: number;
  readonly amount: string;
}

/** A line that a service of the shop logged. */
export interface ServiceError {
  readonly eventId: string;
  readonly time: string;
  readonly service: string;
  readonly level: string;
  readonly code: string;
  readonly message: string;
  readonly userId: string | null;
}

export interface Alert {
  readonly alertId: string;
  readonly time: string;
  readonly kind: string;
  readonly metric: string;
  readonly value: number | null;
  readonly expected: number | null;
  readonly deviation: number | null;
  readonly message: string;
  /** Null while it is open. */
  readonly recoveredAt: string | null;
}

/**
 * Features of a product in a session, by the names of the columns that models are trained on, so
 * that both are one vocabulary: event_id, event_timestamp (ISO 8601, UTC), user_id, product_id,
 * user_session, price (a decimal text), brand, category_code_level1, category_code_level2,
 * event_weekday (0 is Sunday), activity_count, is_purchased. Whole numbers are numbers, or texts
 * beyond 2^53.
 */
export type Features = Readonly<Record<string, number | string>>;

/** What counts distinct users and sorts products takes longer, and is read less often. */
export interface Details {
  readonly users: Users | null;
  readonly buyers: readonly Buyers[];
  readonly top: Top;
  /** When and whether the three above could be read. */
  readonly detailStatus: Pick<Status, "readAt" | "problem">;
}

/** What the page shows of a range, by section. Each is a kind of server-sent event. */
export interface Board {
  readonly status: Status;
  /** Null while there are no data. */
  readonly kpis: Kpis | null;
  readonly series: Series;
  readonly orders: readonly Order[];
  readonly alerts: readonly Alert[];
  readonly errors: readonly ServiceError[];
}
