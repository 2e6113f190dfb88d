import { type ReactNode, useSyncExternalStore } from "react";

import { KpiTiles } from "./kpi-tiles.tsx";
import { LatestOrders } from "./latest-orders.tsx";
import { LiveBoard } from "./live-board.ts";
import { Notices } from "./notices.tsx";
import { StatusLine } from "./status-line.tsx";
import { ThemeSwitch, useTheme } from "./theme.tsx";
import { Trend } from "./trend.tsx";

const board = new LiveBoard();

export function App(): ReactNode {
  const { sections, connection } = useSyncExternalStore(board.subscribe, board.state);
  const theme = useTheme();
  const { status, kpis, series, orders } = sections;
  // Until something was read, an empty list says nothing about the shop.
  const isLoading = status === undefined || status.readAt === null;
  return (
    <>
      <a className="skip" href="#content">
        Skip to the numbers
      </a>
      <header>
        <h1>Shop</h1>
        <StatusLine status={status} connection={connection} />
        <ThemeSwitch theme={theme} />
      </header>
      <main id="content" tabIndex={-1}>
        <Notices status={status} connection={connection} />
        <KpiTiles kpis={kpis ?? null} isLoading={isLoading} />
        <Trend series={series ?? []} isLoading={isLoading} isDark={theme.isDark} />
        <LatestOrders orders={orders ?? []} isLoading={isLoading} />
      </main>
      <footer>All times are UTC and those of the events.</footer>
    </>
  );
}
