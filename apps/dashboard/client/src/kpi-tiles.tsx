import type { ReactNode } from "react";

import type { Kpis } from "../../api.ts";
import { clock, count, money, percent } from "./format.ts";

interface KpiTilesProps {
  readonly kpis: Kpis | null;
  readonly isLoading: boolean;
}

interface Tile {
  readonly name: string;
  readonly value: (kpis: Kpis) => string;
  readonly detail: (kpis: Kpis) => string;
}

const tiles: readonly Tile[] = [
  {
    name: "Revenue",
    value: ({ revenue }) => money(revenue),
    detail: ({ from, to }) => `${clock(from)} to ${clock(to)}`,
  },
  {
    name: "Orders",
    value: ({ orders }) => count(orders),
    detail: ({ from, to }) => `${clock(from)} to ${clock(to)}`,
  },
  {
    name: "Active users",
    value: ({ activeUsers }) => count(activeUsers),
    detail: () => "in the last full minute",
  },
  {
    name: "Clicks",
    value: ({ clicks }) => count(clicks),
    detail: ({ carts }) => `${count(carts)} into a cart`,
  },
  {
    name: "Orders per 100 clicks",
    value: ({ orders, clicks }) => (clicks === 0 ? "–" : ((100 * orders) / clicks).toFixed(2)),
    detail: () => "conversion",
  },
  {
    name: "Error rate",
    value: ({ errorRate }) => percent(errorRate),
    detail: ({ errors }) => `${count(errors)} log lines`,
  },
];

/** The totals of the newest hour of data. */
export function KpiTiles({ kpis, isLoading }: KpiTilesProps): ReactNode {
  return (
    <section aria-labelledby="kpis" aria-busy={isLoading}>
      <h2 id="kpis">Last 60 minutes</h2>
      <dl className="tiles">
        {tiles.map(({ name, value, detail }) => (
          <div className="card tile" key={name}>
            <dt>{name}</dt>
            <dd className={isLoading ? "value pending" : "value"}>
              {kpis === null ? "–" : value(kpis)}
            </dd>
            <dd className="detail">{kpis === null ? "\u00a0" : detail(kpis)}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}
