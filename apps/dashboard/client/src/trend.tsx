import { type ReactNode, useEffect, useRef } from "react";

import type { Minute } from "../../api.ts";
import { createTrendChart, type TrendChart } from "./trend-chart.ts";
import { clock, count, money } from "./format.ts";

interface TrendProps {
  readonly series: readonly Minute[];
  readonly isLoading: boolean;
  readonly isDark: boolean;
}

/** Revenue and orders of each minute, as a chart and, for whoever prefers it, as a table. */
export function Trend({ series, isLoading, isDark }: TrendProps): ReactNode {
  const place = useRef<HTMLDivElement>(null);
  const chart = useRef<TrendChart>(undefined);
  useEffect(() => {
    if (place.current === null) return undefined;
    const made = createTrendChart(place.current);
    chart.current = made;
    return () => {
      made.dispose();
    };
  }, []);
  useEffect(() => {
    chart.current?.show(series);
  }, [series, isDark]);

  const isEmpty = series.length === 0;
  return (
    <section className="card" aria-labelledby="trend" aria-busy={isLoading}>
      <h2 id="trend">Revenue and orders per minute</h2>
      {isEmpty && <p className="empty">{isLoading ? "Loading…" : "No events have come in yet."}</p>}
      <div className="chart" ref={place} hidden={isEmpty} role="img" aria-labelledby="trend" />
      {!isEmpty && (
        <details>
          <summary>The same as a table</summary>
          <div className="scroll" tabIndex={0} role="region" aria-labelledby="trend">
            <table>
              <thead>
                <tr>
                  <th scope="col">Minute</th>
                  <th scope="col" className="number">
                    Revenue
                  </th>
                  <th scope="col" className="number">
                    Orders
                  </th>
                  <th scope="col" className="number">
                    Clicks
                  </th>
                  <th scope="col" className="number">
                    Users
                  </th>
                </tr>
              </thead>
              <tbody>
                {series.toReversed().map((minute) => (
                  <tr key={minute.start}>
                    <td>{clock(minute.start)}</td>
                    <td className="number">{money(minute.revenue)}</td>
                    <td className="number">{count(minute.orders)}</td>
                    <td className="number">{count(minute.clicks)}</td>
                    <td className="number">{count(minute.activeUsers)}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        </details>
      )}
    </section>
  );
}
