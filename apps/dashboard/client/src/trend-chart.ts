import { BarChart, LineChart } from "echarts/charts";
import { AxisPointerComponent, GridComponent, TooltipComponent } from "echarts/components";
import { connect, init, use } from "echarts/core";
import { CanvasRenderer } from "echarts/renderers";

import { clock, moment, shortDay } from "./format.ts";
import type { Metric, TrendPoint } from "./metrics.ts";

use([AxisPointerComponent, BarChart, CanvasRenderer, GridComponent, LineChart, TooltipComponent]);

/** All charts point at the same time. */
const group = "trends";

export interface TrendChart {
  /** Draws the points in the colours that the page has now. */
  show(points: readonly TrendPoint[]): void;
  dispose(): void;
}

export function createTrendChart(element: HTMLElement, metric: Metric): TrendChart {
  const chart = init(element);
  chart.group = group;
  connect(group);
  const resizing = new ResizeObserver(() => {
    chart.resize();
  });
  resizing.observe(element);
  return {
    show(points) {
      chart.setOption(options(points, metric, getComputedStyle(element)));
    },
    dispose() {
      resizing.disconnect();
      chart.dispose();
    },
  };
}

function options(
  points: readonly TrendPoint[],
  metric: Metric,
  style: CSSStyleDeclaration,
): Parameters<ReturnType<typeof init>["setOption"]>[0] {
  const colour = (name: string): string => style.getPropertyValue(name).trim();
  const font = { color: colour("--soft"), fontSize: 12 };
  const line = { lineStyle: { color: colour("--line") } };
  return {
    animation: false,
    tooltip: {
      trigger: "axis",
      // The content security policy forbids the styles of an HTML tooltip.
      renderMode: "richText",
      confine: true,
      backgroundColor: colour("--card"),
      borderColor: colour("--line"),
      textStyle: { color: colour("--text"), fontSize: 13 },
      formatter: (hovered: unknown) => describePoint(hovered, points, metric),
    },
    grid: { left: 48, right: 10, top: 10, bottom: 24 },
    xAxis: {
      type: "category",
      data: points.map(({ start }) => start),
      axisLabel: { ...font, formatter: timeLabel(points), hideOverlap: true },
      axisLine: line,
      axisTick: { show: false },
    },
    yAxis: {
      type: "value",
      splitNumber: 3,
      axisLabel: { ...font, formatter: metric.axis },
      splitLine: line,
    },
    series: [
      {
        name: metric.name,
        type: metric.kind,
        data: points.map(metric.value),
        itemStyle: { color: colour(metric.colour) },
        ...(metric.kind === "line"
          ? {
              showSymbol: points.length === 1,
              lineStyle: { width: 2 },
              areaStyle: { opacity: 0.12 },
            }
          : { barMaxWidth: 18 }),
      },
    ],
  };
}

/** Hours within a day, days beyond a few of them. */
function timeLabel(points: readonly TrendPoint[]): (start: string) => string {
  const [first, last] = [points[0], points.at(-1)];
  if (first === undefined || last === undefined) return clock;
  const hours = (Date.parse(last.start) - Date.parse(first.start)) / 3_600_000;
  if (hours <= 24) return clock;
  return hours <= 72 ? moment : shortDay;
}

function describePoint(hovered: unknown, points: readonly TrendPoint[], metric: Metric): string {
  const [place] = hovered as readonly { readonly dataIndex: number }[];
  const point = place && points[place.dataIndex];
  if (point === undefined) return "";
  return `${moment(point.start)} UTC\n${metric.name} ${metric.text(point)}`;
}
