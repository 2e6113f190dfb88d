import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { gzipSync } from "node:zlib";

import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

import {
  type BehaviourRow,
  inspectBehaviourCsv,
  readBehaviourCsv,
} from "../../../../apps/producer/behaviour-csv.ts";
import { parseCents } from "../../../../apps/producer/money.ts";
import { UserError } from "../../../../cli/errors.ts";

const header =
  "event_time,event_type,product_id,category_id,category_code,brand,price,user_id,user_session";
const view = "2019-10-01 00:00:00 UTC,view,44,21,a.b,sony,35.79,541,s-1";
const purchase = "2019-10-01 00:00:05 UTC,purchase,45,22,,,33.2,542,s-2";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "behaviour-csv-"));
});
afterAll(async () => {
  await rm(folder, { recursive: true });
});

let files = 0;
async function write(content: string | Buffer): Promise<string> {
  const path = join(folder, `${++files}.csv`);
  await writeFile(path, content);
  return path;
}

async function readFileRows(path: string): Promise<BehaviourRow[]> {
  const rows: BehaviourRow[] = [];
  for await (const some of readBehaviourCsv(await inspectBehaviourCsv(path))) rows.push(...some);
  return rows;
}

const read = async (content: string | Buffer): Promise<BehaviourRow[]> =>
  readFileRows(await write(content));

const eventOf = (row: BehaviourRow | undefined): Record<string, unknown> =>
  JSON.parse(row?.message.value ?? "") as Record<string, unknown>;

describe("a good row", () => {
  it("of a view becomes a click", async () => {
    const [row] = await read(`${header}\n${view}\n`);
    expect(row?.message).toMatchObject({ topic: "clicks", key: "541" });
    expect(row?.broken).toBeUndefined();
    expect(row?.time).toBe(Date.UTC(2019, 9, 1));
    expect(eventOf(row)).toEqual({
      event_id: row?.eventId,
      event_time: "2019-10-01T00:00:00.000Z",
      user_id: "541",
      session_id: "s-1",
      product_id: "44",
      category: "a.b",
      brand: "sony",
      price: "35.79",
      action: "view",
    });
    expect(row?.eventId).toMatch(/^[0-9a-f]{64}$/);
  });

  it("of a purchase becomes an order of one piece", async () => {
    const [row] = await read(`${header}\n${purchase}\n`);
    expect(row?.message).toMatchObject({ topic: "orders", key: "542" });
    const event = eventOf(row);
    expect(event).toEqual({
      event_id: row?.eventId,
      event_time: "2019-10-01T00:00:05.000Z",
      order_id: event["order_id"],
      user_id: "542",
      session_id: "s-2",
      product_id: "45",
      category: null,
      brand: null,
      price: "33.20",
      quantity: 1,
      amount: "33.20",
    });
    expect(event["order_id"]).toMatch(/^order-[0-9a-f]{32}$/);
  });

  it.each([
    ["2019-10-01 00:00:00 UTC", "2019-10-01T00:00:00.000Z"],
    ["2019-10-01 00:00:00", "2019-10-01T00:00:00.000Z"],
    ["2019-10-01T00:00:00Z", "2019-10-01T00:00:00.000Z"],
    ["2019-10-01T00:00:00.25Z", "2019-10-01T00:00:00.250Z"],
    ["2019-10-01 00:00:00.123456 UTC", "2019-10-01T00:00:00.123Z"],
    ["2019-10-01T02:30:00+02:30", "2019-10-01T00:00:00.000Z"],
    ["2020-02-29 23:59:59 UTC", "2020-02-29T23:59:59.000Z"],
  ])("has its time %s read as %s", async (text, iso) => {
    const [row] = await read(`${header}\n${view.replace("2019-10-01 00:00:00 UTC", text)}`);
    expect(row?.broken).toBeUndefined();
    expect(eventOf(row)["event_time"]).toBe(iso);
  });

  it.each([
    ["33", "33.00"],
    ["1e2", "100.00"],
    ["0", "0.00"],
    ["33.2000", "33.20"],
  ])("has its price %s written as %s", async (price, money) => {
    const [row] = await read(`${header}\n${view.replace("35.79", price)}`);
    expect(row?.broken).toBeUndefined();
    expect(eventOf(row)["price"]).toBe(money);
  });

  it("may quote its fields", async () => {
    const [row] = await read(`${header}\n${view.replace("sony", '"so ""n"", y"')}`);
    expect(row?.broken).toBeUndefined();
    expect(eventOf(row)["brand"]).toBe('so "n", y');
  });
});

describe("a broken row", () => {
  it.each<[string, string, Record<string, unknown>]>([
    ["no session", view.replace("s-1", ""), { session_id: null }],
    ["no user", view.replace("541", ""), { user_id: null }],
    ["no product", view.replace("44", ""), { product_id: null }],
    ["no price", view.replace("35.79", ""), { price: null }],
    ["a negative price", view.replace("35.79", "-7.94"), { price: "-7.94" }],
    ["a price that cents cannot hold", view.replace("35.79", "33.333"), { price: "33.333" }],
    ["an unknown event type", view.replace("view", "teleport"), { action: "teleport" }],
    ["no event type", view.replace("view", ""), { action: null }],
    [
      "a day that never was",
      view.replace("10-01", "02-30"),
      { event_time: "2019-02-30 00:00:00 UTC" },
    ],
    ["no time", view.replace("2019-10-01 00:00:00 UTC", ""), { event_time: null }],
    ["a line cut short", view.slice(0, -6), { user_id: "5", session_id: null }],
    ["one field", "what", { event_time: "what", user_id: null }],
    ["a field too many", `${view},more`, { event_time: null, user_id: null, price: null }],
    ["a stray quote", view.replace("sony", '"sony'), { event_time: null, user_id: null }],
  ])("with %s is sent with its line", async (_, line, expected) => {
    const rows = await read(`${header}\n${view}\n${line}\n${purchase}\n`);
    expect(rows.map(({ broken }) => broken)).toEqual([undefined, line, undefined]);
    expect(rows[1]?.message.topic).toBe("clicks");
    expect(eventOf(rows[1])).toMatchObject({ ...expected, raw: line, event_id: rows[1]?.eventId });
  });

  it("of a purchase goes to the orders", async () => {
    const line = purchase.replace("s-2", "");
    const [row] = await read(`${header}\n${line}`);
    expect(row?.message.topic).toBe("orders");
    expect(eventOf(row)).toMatchObject({ raw: line, quantity: 1, session_id: null });
  });
});

describe("a file", () => {
  it("has one row a line, whatever ends it", async () => {
    const unix = await read(`${header}\n${view}\n${purchase}\n`);
    const others = [
      `${header}\r\n${view}\r\n${purchase}\r\n`,
      `\uFEFF${header}\n${view}\n${purchase}`,
      `${header}\n\n${view}\n\n\n${purchase}\n\n`,
      gzipSync(`${header}\n${view}\n${purchase}\n`),
    ];
    for (const content of others) expect(await read(content)).toEqual(unix);
    expect(unix).toHaveLength(2);
  });

  it("may have its columns in another order", async () => {
    const reverse = (line: string): string => line.split(",").reverse().join(",");
    expect(await read([header, view, purchase].map(reverse).join("\n"))).toEqual(
      await read([header, view, purchase].join("\n")),
    );
  });

  it("may have no rows", async () => {
    const path = await write(`${header}\n`);
    expect(await inspectBehaviourCsv(path)).toMatchObject({ rows: 0, firstTime: undefined });
    expect(await readFileRows(path)).toEqual([]);
  });

  it("is measured before it is read", async () => {
    const path = await write([header, purchase, view, "what"].join("\n"));
    expect(await inspectBehaviourCsv(path)).toEqual({
      path,
      bytes: [header, purchase, view, "what"].join("\n").length,
      rows: 3,
      firstTime: Date.UTC(2019, 9, 1),
      lastTime: Date.UTC(2019, 9, 1, 0, 0, 5),
      disorder: 5_000,
    });
  });

  it.each<[string, string | Buffer, RegExp]>([
    ["is empty", "", /is empty/],
    ["has only empty lines", "\n\r\n\n", /is empty/],
    [
      "lacks columns",
      "event_time,price\n",
      /lacks event_type, product_id, category_id.*user_session$/,
    ],
    ["has an unknown column", `${header},colour\n`, /has unknown "colour"$/],
    ["has a column twice", `${header},price\n`, /has price more than once$/],
    ["has no header", `${view}\n`, /lacks event_time, event_type/],
    [
      "is a damaged gzip",
      gzipSync(`${header}\n${view}\n`.repeat(500)).subarray(0, -20),
      /cannot be decompressed/,
    ],
    [
      "has an endless line",
      `${header}\n${"x".repeat(300_000)}`,
      /a line of more than 262144 characters/,
    ],
    ["is binary", Buffer.from([0xff, 0xfe, 0x00, 0x41]), /lacks event_time/],
  ])("is refused if it %s", async (_, content, message) => {
    const failure = inspectBehaviourCsv(await write(content));
    await expect(failure).rejects.toThrow(message);
    await expect(failure).rejects.toBeInstanceOf(UserError);
  });

  it("is refused if it is not there or a directory", async () => {
    await expect(inspectBehaviourCsv(join(folder, "none.csv"))).rejects.toThrow(/There is no file/);
    await mkdir(join(folder, "directory"), { recursive: true });
    await expect(inspectBehaviourCsv(join(folder, "directory"))).rejects.toThrow(/is a directory/);
  });
});

describe("event ids", () => {
  const ids = async (lines: readonly string[]): Promise<string[]> =>
    (await read([header, ...lines].join("\n"))).map(({ eventId }) => eventId);

  it("tell equal rows apart, the same way at every reading", async () => {
    const first = await ids([view, view, purchase, view]);
    expect(new Set(first).size).toBe(4);
    expect(await ids([view, view, purchase, view])).toEqual(first);
  });

  it("depend on the row and its equals alone, not on what else is in the file", async () => {
    const [alone] = await ids([view]);
    expect((await ids([purchase, "what", view])).at(-1)).toBe(alone);
  });

  it("are distinct and stable in any order of rows", async () => {
    const time = fc
      .integer({ min: 0, max: 5 })
      .map((second) => view.replace("00:00:00", `00:00:0${second}`));
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.oneof(time, fc.constant("what")), { maxLength: 30 }),
        async (lines) => {
          const found = await ids(lines);
          expect(new Set(found).size).toBe(lines.length);
          expect((await ids(lines.toSorted())).toSorted()).toEqual(found.toSorted());
        },
      ),
      { numRuns: 40 },
    );
  });
});

const realDay = resolve(import.meta.dirname, "../../../../../shared/data/rees46-2019-10-01.csv");

describe.runIf(existsSync(realDay))("the real day", () => {
  it("maps to the counted truth, twice the same", async () => {
    const rows = await readFileRows(realDay);
    const good = rows.filter(({ broken }) => broken === undefined);
    const orders = good.filter(({ message }) => message.topic === "orders");
    const clicks = good.filter(({ message }) => message.topic === "clicks").map(eventOf);
    expect(rows).toHaveLength(17_435);
    expect(orders).toHaveLength(214);
    expect(clicks).toHaveLength(17_220);
    expect(clicks.filter(({ action }) => action === "cart")).toHaveLength(165);
    const cents = orders.map((row) => parseCents(eventOf(row)["amount"] as string) ?? 0n);
    expect(cents.reduce((sum, amount) => sum + amount, 0n)).toBe(5_944_263n);
    expect(new Set(rows.map(({ eventId }) => eventId)).size).toBe(17_435);
    expect(await readFileRows(realDay)).toEqual(rows);
  });
});
