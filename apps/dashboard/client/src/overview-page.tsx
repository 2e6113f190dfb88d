import type { ReactNode } from "react";

import type { Range } from "../../range.ts";
import { Alerts } from "./alerts.tsx";
import { KpiTiles } from "./kpi-tiles.tsx";
import { LatestErrors } from "./latest-errors.tsx";
import { LatestOrders } from "./latest-orders.tsx";
import type { LiveState } from "./live-store.ts";
import { goTo } from "./location.ts";
import { Notices } from "./notices.tsx";
import { RangePicker } from "./range-picker.tsx";
import { TopSellers } from "./top-sellers.tsx";
import { Trends } from "./trends.tsx";

interface OverviewPageProps {
  readonly live: LiveState;
  readonly range: Range;
  readonly isDark: boolean;
}

/** How the shop does. */
export function OverviewPage({ live, range, isDark }: OverviewPageProps): ReactNode {
  const { sections, connection } = live;
  const { status, kpis = null, series, orders, errors, alerts, detailStatus } = sections;
  // Until something was read, an empty list says nothing about the shop.
  const isLoading = status === undefined || status.readAt === null;
  const areDetailsLoading = detailStatus === undefined || detailStatus.readAt === null;
  return (
    <>
      <RangePicker
        range={range}
        shown={kpis && { from: Date.parse(kpis.from), to: Date.parse(kpis.to) }}
        choose={(chosen) => {
          goTo({ page: "overview", range: chosen });
        }}
      />
      <Notices
        status={status}
        detailProblem={detailStatus?.problem ?? null}
        connection={connection}
      />
      <KpiTiles kpis={kpis} users={sections.users ?? null} isLoading={isLoading} />
      <Trends
        series={series ?? { stepMinutes: 1, points: [] }}
        buyers={areDetailsLoading ? undefined : sections.buyers}
        isLoading={isLoading}
        isDark={isDark}
      />
      <TopSellers top={areDetailsLoading ? undefined : sections.top} isLoading={isLoading} />
      <Alerts alerts={alerts ?? []} isLoading={isLoading} />
      <div className="pair">
        <LatestOrders orders={orders ?? []} isLoading={isLoading} />
        <LatestErrors errors={errors ?? []} isLoading={isLoading} />
      </div>
    </>
  );
}
