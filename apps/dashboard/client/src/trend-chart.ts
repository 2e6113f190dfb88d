import { BarChart, LineChart } from "echarts/charts";
import { AxisPointerComponent, GridComponent, TooltipComponent } from "echarts/components";
import { init, use } from "echarts/core";
import { CanvasRenderer } from "echarts/renderers";

import type { Minute } from "../../api.ts";
import { clock, compact, count, money } from "./format.ts";

use([AxisPointerComponent, BarChart, CanvasRenderer, GridComponent, LineChart, TooltipComponent]);

export interface TrendChart {
  /** Draws the minutes in the colours that the page has now. */
  show(series: readonly Minute[]): void;
  dispose(): void;
}

/** Two charts above one another that share their time axis: each has a scale of its own. */
export function createTrendChart(element: HTMLElement): TrendChart {
  const chart = init(element);
  const resizing = new ResizeObserver(() => {
    chart.resize();
  });
  resizing.observe(element);
  return {
    show(series) {
      chart.setOption(options(series, getComputedStyle(element)));
    },
    dispose() {
      resizing.disconnect();
      chart.dispose();
    },
  };
}

function options(
  series: readonly Minute[],
  style: CSSStyleDeclaration,
): Parameters<ReturnType<typeof init>["setOption"]>[0] {
  const colour = (name: string): string => style.getPropertyValue(`--${name}`).trim();
  const font = { color: colour("soft"), fontSize: 12 };
  const xAxis = {
    type: "category",
    data: series.map(({ start }) => start),
    axisLabel: { ...font, formatter: (start: string) => clock(start), hideOverlap: true },
    axisLine: { lineStyle: { color: colour("line") } },
    axisTick: { show: false },
  };
  const yAxis = {
    type: "value",
    splitNumber: 3,
    nameLocation: "end",
    nameTextStyle: { ...font, align: "left" },
    axisLabel: { ...font, formatter: (value: number) => compact(value) },
    splitLine: { lineStyle: { color: colour("line") } },
  };
  // The same margins for both: a minute is at the same place in each.
  const grid = { left: 44, right: 8 };
  return {
    animationDuration: 300,
    axisPointer: { link: [{ xAxisIndex: "all" }] },
    tooltip: {
      trigger: "axis",
      // The content security policy forbids the styles of an HTML tooltip.
      renderMode: "richText",
      confine: true,
      backgroundColor: colour("card"),
      borderColor: colour("line"),
      textStyle: { color: colour("text"), fontSize: 13 },
      formatter: (points: unknown) => describePoint(points, series),
    },
    grid: [
      { ...grid, top: 30, height: "44%" },
      { ...grid, bottom: 24, height: "26%" },
    ],
    xAxis: [
      { ...xAxis, gridIndex: 0, axisLabel: { show: false } },
      { ...xAxis, gridIndex: 1 },
    ],
    yAxis: [
      { ...yAxis, gridIndex: 0, name: "Revenue" },
      { ...yAxis, gridIndex: 1, name: "Orders", minInterval: 1 },
    ],
    series: [
      {
        name: "Revenue",
        type: "line",
        xAxisIndex: 0,
        yAxisIndex: 0,
        // A pixel's position needs no cents: here alone money becomes a float.
        data: series.map(({ revenue }) => Number(revenue)),
        showSymbol: series.length === 1,
        lineStyle: { width: 2 },
        areaStyle: { opacity: 0.12 },
        itemStyle: { color: colour("revenue") },
      },
      {
        name: "Orders",
        type: "bar",
        xAxisIndex: 1,
        yAxisIndex: 1,
        data: series.map(({ orders }) => orders),
        barMaxWidth: 18,
        itemStyle: { color: colour("orders"), borderRadius: [2, 2, 0, 0] },
      },
    ],
  };
}

function describePoint(points: unknown, series: readonly Minute[]): string {
  const [point] = points as readonly { readonly dataIndex: number }[];
  const minute = point && series[point.dataIndex];
  if (minute === undefined) return "";
  const { start, revenue, orders, activeUsers } = minute;
  return `${clock(start)} UTC\nRevenue ${money(revenue)}\nOrders ${count(orders)}\nUsers ${count(activeUsers)}`;
}
