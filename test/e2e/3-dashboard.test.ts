import { chromium, type Browser, type Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import { nodePorts } from "../../components/ports.ts";
import { clusterForStack } from "../../cli/deployment.ts";
import { ensureDebianPackages } from "../../cli/host/apt.ts";
import { scaleProducer } from "../support/faults.ts";
import { eventually, sqlRow, stack } from "../support/lakehouse.ts";

/** Chromium in a container or as root, without its own traffic to the outside. */
const flags = [
  ...["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"],
  ...["--disable-background-networking", "--disable-component-update"],
];

interface Kpis {
  readonly from: string;
  readonly to: string;
  readonly orders: number;
  readonly revenue: string;
  readonly clicks: number;
}

describe("the dashboard", () => {
  let browser: Browser;
  let page: Page;
  let url: string;

  beforeAll(async () => {
    await ensureDebianPackages(["chromium"], () => undefined);
    url = `http://localhost:${(await clusterForStack(stack, "kind")).hostPort(nodePorts.dashboard)}`;
    browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: flags });
    page = await browser.newPage();
    // Data at rest, so that the page and SQL can be compared to the last digit.
    await scaleProducer(0);
  }, 300_000);

  afterAll(async () => {
    await scaleProducer(1);
    await browser.close();
  });

  const kpis = async (): Promise<Kpis> => {
    const answer = (await (await fetch(`${url}/api/kpis`)).json()) as { data: Kpis };
    return answer.data;
  };

  it("serves the KPIs that SQL gives", async () => {
    await eventually(
      "the same totals from the API and from SQL",
      async () => {
        const shown = await kpis();
        const row = await sqlRow(
          `SELECT sum(orders) AS orders, sum(clicks) AS clicks,
             CAST(sum(revenue) AS DECIMAL(18,2)) AS revenue
           FROM ecommerce_db.kpis_per_minute
           WHERE window_start >= TIMESTAMP '${timestamp(shown.from)}'
             AND window_start < TIMESTAMP '${timestamp(shown.to)}'`,
        );
        return { shown, row };
      },
      ({ shown, row }) =>
        shown.orders > 0 &&
        Number(row["orders"]) === shown.orders &&
        Number(row["clicks"]) === shown.clicks &&
        row["revenue"] === shown.revenue,
    );
  });

  it("shows those numbers on its page in a real browser", async () => {
    await page.goto(url);
    const digits = (text: string): string => text.replace(/\D/g, "");
    await eventually(
      "the orders of the API on the page",
      async () => ({
        tile: digits(await page.locator("dt:text-is('Orders') + dd").innerText()),
        orders: String((await kpis()).orders),
      }),
      ({ tile, orders }) => tile !== "" && tile === orders,
    );
    await expect(page.locator("canvas, svg").count()).resolves.toBeGreaterThan(0);
    expect(await page.locator("table tbody tr").count()).toBeGreaterThan(0);
  });
});

const timestamp = (iso: string): string => iso.replace("T", " ").replace("Z", "");
