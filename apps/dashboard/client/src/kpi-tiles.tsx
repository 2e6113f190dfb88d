import type { ReactNode } from "react";

import type { Kpis, Totals, UserCounts, Users } from "../../api.ts";
import { type Change, pointChange, relativeChange } from "./change.ts";
import { count, money, percent, span } from "./format.ts";

interface KpiTilesProps {
  readonly kpis: Kpis | null;
  /** Counted over the whole range; null until it was read. */
  readonly users: Users | null;
  readonly isLoading: boolean;
}

/** A tile: what it shows of the time of the range, and how that compares with the time before. */
interface Tile<Source> {
  readonly name: string;
  readonly isMain?: boolean;
  /** Whether more is worse. */
  readonly isBad?: boolean;
  readonly value: (now: Source) => string;
  readonly change: (now: Source, before: Source) => Change | null;
}

const totalTiles = {
  revenue: {
    name: "Revenue",
    isMain: true,
    value: ({ revenue }) => money(revenue),
    // A share in percent needs no cents.
    change: (now, before) => relativeChange(Number(now.revenue), Number(before.revenue)),
  },
  orders: {
    name: "Orders",
    isMain: true,
    value: ({ orders }) => count(orders),
    change: (now, before) => relativeChange(now.orders, before.orders),
  },
  average: {
    name: "Average order value",
    value: ({ averageOrderValue }) => (averageOrderValue === null ? "–" : money(averageOrderValue)),
    change: (now, before) =>
      now.averageOrderValue === null || before.averageOrderValue === null
        ? null
        : relativeChange(Number(now.averageOrderValue), Number(before.averageOrderValue)),
  },
  clicks: {
    name: "Clicks",
    value: ({ clicks }) => count(clicks),
    change: (now, before) => relativeChange(now.clicks, before.clicks),
  },
  carts: {
    name: "Carts",
    value: ({ carts }) => count(carts),
    change: (now, before) => relativeChange(now.carts, before.carts),
  },
  errors: {
    name: "Errors",
    isBad: true,
    value: ({ errors }) => count(errors),
    change: (now, before) => relativeChange(now.errors, before.errors),
  },
  errorRate: {
    name: "Error rate",
    isBad: true,
    value: ({ errorRate }) => percent(errorRate),
    change: (now, before) => pointChange(now.errorRate, before.errorRate),
  },
} satisfies Readonly<Record<string, Tile<Totals>>>;

const userTiles = {
  active: {
    name: "Active users",
    isMain: true,
    value: ({ activeUsers }) => count(activeUsers),
    change: (now, before) => relativeChange(now.activeUsers, before.activeUsers),
  },
  conversion: {
    name: "Conversion",
    isMain: true,
    value: ({ conversion }) => (conversion === null ? "–" : percent(conversion)),
    change: (now, before) =>
      now.conversion === null || before.conversion === null
        ? null
        : pointChange(now.conversion, before.conversion),
  },
} satisfies Readonly<Record<string, Tile<UserCounts>>>;

/** The totals of the range. */
export function KpiTiles({ kpis, users, isLoading }: KpiTilesProps): ReactNode {
  const ofTotals = (tile: Tile<Totals>): ReactNode => (
    <KpiTile tile={tile} now={kpis} before={kpis?.before ?? null} isLoading={isLoading} />
  );
  const ofUsers = (tile: Tile<UserCounts>): ReactNode => (
    <KpiTile
      tile={tile}
      now={users}
      before={users?.before ?? null}
      isLoading={isLoading || (kpis !== null && users === null)}
    />
  );
  return (
    <section aria-labelledby="kpis" aria-busy={isLoading}>
      <div className="section-head">
        <h2 id="kpis">Key figures</h2>
        {kpis !== null && (
          <p>
            {span(kpis.from, kpis.to)} UTC
            {kpis.before === null ? "" : ", against the same time before"}
          </p>
        )}
      </div>
      <dl className="tiles">
        {ofTotals(totalTiles.revenue)}
        {ofTotals(totalTiles.orders)}
        {ofUsers(userTiles.active)}
        {ofUsers(userTiles.conversion)}
        {ofTotals(totalTiles.average)}
        {ofTotals(totalTiles.clicks)}
        {ofTotals(totalTiles.carts)}
        {ofTotals(totalTiles.errors)}
        {ofTotals(totalTiles.errorRate)}
      </dl>
    </section>
  );
}

interface KpiTileProps<Source> {
  readonly tile: Tile<Source>;
  readonly now: Source | null;
  readonly before: Source | null;
  readonly isLoading: boolean;
}

function KpiTile<Source>({ tile, now, before, isLoading }: KpiTileProps<Source>): ReactNode {
  const change = now === null || before === null ? null : tile.change(now, before);
  return (
    <div className={tile.isMain === true ? "card tile main" : "card tile"}>
      <dt>{tile.name}</dt>
      <dd className={isLoading ? "value pending" : "value"}>
        {now === null ? "–" : tile.value(now)}
      </dd>
      <dd className="change">
        {change === null ? (
          <span>{now === null ? "\u00a0" : "nothing to compare with"}</span>
        ) : (
          <ChangeMark change={change} isBad={tile.isBad ?? false} />
        )}
      </dd>
    </div>
  );
}

function ChangeMark({
  change: { direction, text },
  isBad,
}: {
  readonly change: Change;
  readonly isBad: boolean;
}): ReactNode {
  if (direction === "same") return <span>unchanged</span>;
  const isGood = (direction === "up") !== isBad;
  return (
    <span data-tone={isGood ? "good" : "bad"}>
      <span aria-hidden="true">{direction === "up" ? "▲" : "▼"} </span>
      <span className="hidden">{direction} </span>
      {text}
    </span>
  );
}
