import { type ReactNode, useEffect, useRef, useState } from "react";

import type { Buyers, Series } from "../../api.ts";
import { moment } from "./format.ts";
import { type Metric, metrics, stepName, type TrendPoint, trendPoints } from "./metrics.ts";
import type { TrendChart } from "./trend-chart.ts";

interface TrendsProps {
  readonly series: Series;
  readonly buyers: readonly Buyers[] | undefined;
  readonly isLoading: boolean;
  readonly isDark: boolean;
}

/** The trends of the range, as charts and, for whoever prefers it, as a table. */
export function Trends({ series, buyers, isLoading, isDark }: TrendsProps): ReactNode {
  const points = trendPoints(series, buyers);
  const step = stepName(series.stepMinutes);
  return (
    <section aria-labelledby="trends" aria-busy={isLoading}>
      <div className="section-head">
        <h2 id="trends">Trends</h2>
        <p>
          per {step}
          {series.stepMinutes > 1 && "; users and conversion are means of a minute"}
        </p>
      </div>
      {points.length === 0 ? (
        <p className="card empty">{isLoading ? "Loading…" : "No events at this time."}</p>
      ) : (
        <>
          <div className="charts">
            {metrics.map((metric) => (
              <Trend key={metric.name} metric={metric} points={points} isDark={isDark} />
            ))}
          </div>
          <details className="card">
            <summary>The same as a table</summary>
            <TrendTable points={points} step={step} />
          </details>
        </>
      )}
    </section>
  );
}

interface TrendProps {
  readonly metric: Metric;
  readonly points: readonly TrendPoint[];
  readonly isDark: boolean;
}

function Trend({ metric, points, isDark }: TrendProps): ReactNode {
  const place = useRef<HTMLDivElement>(null);
  const [chart, setChart] = useState<TrendChart>();
  useEffect(() => {
    let made: TrendChart | undefined;
    let isGone = false;
    // Charts are the largest part of the page: numbers are shown before they have come.
    void import("./trend-chart.ts").then(({ createTrendChart }) => {
      if (isGone || place.current === null) return;
      made = createTrendChart(place.current, metric);
      setChart(made);
    });
    return () => {
      isGone = true;
      made?.dispose();
    };
  }, [metric]);
  useEffect(() => {
    chart?.show(points);
  }, [chart, points, isDark]);
  const last = points.at(-1);
  return (
    <figure className="card chart-card">
      <figcaption>{metric.name}</figcaption>
      <div
        className="chart"
        ref={place}
        role="img"
        aria-label={`${metric.name} over time, last ${last ? metric.text(last) : "unknown"}`}
      />
    </figure>
  );
}

interface TrendTableProps {
  readonly points: readonly TrendPoint[];
  readonly step: string;
}

function TrendTable({ points, step }: TrendTableProps): ReactNode {
  return (
    <div className="scroll" tabIndex={0} role="region" aria-labelledby="trends">
      <table>
        <thead>
          <tr>
            <th scope="col">Start of the {step} (UTC)</th>
            {metrics.map(({ name }) => (
              <th key={name} scope="col" className="number">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {points.toReversed().map((point) => (
            <tr key={point.start}>
              <td>{moment(point.start)}</td>
              {metrics.map(({ name, text }) => (
                <td key={name} className="number">
                  {text(point)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
