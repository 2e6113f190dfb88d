/**
 * What the server tells the browser. All times are ISO 8601 in UTC; money is a decimal text, so
 * that no float ever touches it.
 */

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

/** Totals of the newest hour of data. */
export interface Kpis {
  readonly from: string;
  readonly to: string;
  readonly orders: number;
  readonly revenue: string;
  readonly clicks: number;
  readonly carts: number;
  readonly errors: number;
  /** errors / (orders + clicks + errors), 0 to 1. */
  readonly errorRate: number;
  /** Distinct users of the newest minute that is over; users of several minutes cannot be added up. */
  readonly activeUsers: number;
}

/** KPIs of one minute. */
export interface Minute {
  readonly start: string;
  readonly orders: number;
  readonly revenue: string;
  readonly activeUsers: number;
  readonly clicks: number;
  readonly carts: number;
  readonly errors: number;
  readonly errorRate: number;
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
}

/** What the tables tell about the way from Kafka to them. */
export interface Pipeline {
  /** By topic: newest event in the table, and how long it took to get there in seconds. */
  readonly topics: readonly {
    readonly topic: string;
    readonly latestEvent: string | null;
    readonly latestIngest: string | null;
    readonly delaySeconds: number | null;
  }[];
  readonly deadLetters: number;
  readonly latestDeadLetter: string | null;
}

/** Everything the page shows, by section. Each section is an endpoint and a kind of server-sent event. */
export interface Sections {
  readonly status: Status;
  /** Null while there are no data. */
  readonly kpis: Kpis | null;
  /** The minutes of the newest hour of data, oldest first, without gaps. */
  readonly series: readonly Minute[];
  readonly orders: readonly Order[];
  readonly alerts: readonly Alert[];
  readonly errors: readonly ServiceError[];
  readonly pipeline: Pipeline | null;
}
export type SectionName = keyof Sections;

export const sectionNames = [
  "status",
  "kpis",
  "series",
  "orders",
  "alerts",
  "errors",
  "pipeline",
] as const satisfies readonly SectionName[];
