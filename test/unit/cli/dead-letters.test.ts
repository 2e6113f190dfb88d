import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import type { Message, Topic } from "../../../apps/producer/events.ts";
import { Sender, type Transport } from "../../../apps/producer/sender.ts";
import { printResent, readRepaired, resendInto } from "../../../cli/dead-letters.ts";
import { UserError } from "../../../cli/errors.ts";

const order = (special: Record<string, unknown> = {}): Record<string, unknown> => ({
  event_id: "e1",
  event_time: "2026-11-21T12:00:00.000Z",
  ...{ order_id: "o1", user_id: "u1", session_id: "s1", product_id: "p1" },
  ...{ category: null, brand: null, price: "9.99", quantity: 1, amount: "9.99" },
  ...special,
});

const letter = (event: Record<string, unknown>, special: Record<string, unknown> = {}): string =>
  JSON.stringify({
    ...{ topic: "orders", partition: 0, offset: 7, reason: "it was broken" },
    raw: JSON.stringify(event),
    ...special,
  });

let folder: string;
let path: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "letters-"));
  path = join(folder, "letters.jsonl");
});

afterEach(async () => {
  vi.restoreAllMocks();
  await rm(folder, { recursive: true });
});

const read = async (...lines: readonly string[]) => {
  await writeFile(path, lines.join("\n"));
  return readRepaired("orders", path);
};

describe("a file of repaired dead letters", () => {
  it("is checked line by line against the contract", async () => {
    const file = await read(
      letter(order()),
      "",
      letter(order({ event_id: "e2", price: "free" })),
      "{",
      letter(order({ event_id: "e3" }), { topic: "clicks" }),
      letter(order({ event_id: "e4" }), { raw: { event_id: "e4" } }),
      "null",
      letter(order({ event_id: "e5" })),
    );
    expect(file.letters.map(({ eventId }) => eventId)).toEqual(["e1", "e5"]);
    expect(file.refused).toEqual([
      { line: 3, reason: "price is not a decimal of at least 0" },
      { line: 4, reason: "the line is not JSON" },
      { line: 5, reason: "its topic is not orders" },
      { line: 6, reason: "raw is not a text" },
      { line: 7, reason: "its topic is not orders" },
    ]);
  });

  it("sends the text as it is, with the key of its kind", async () => {
    const raw = JSON.stringify(order({ price: 1 })).replace(
      '"price":1',
      '"price": 90071992547409.93',
    );
    const { letters } = await read(letter({}, { raw }));
    expect(letters[0]?.message).toEqual({ topic: "orders", key: "u1", value: raw });
  });

  it("holds each event once", async () => {
    const file = await read(letter(order()), letter(order({ price: "1.00" })));
    expect(file).toMatchObject({ repeated: 1, letters: [{ eventId: "e1" }] });
  });

  it("must be there", async () => {
    await expect(readRepaired("orders", join(folder, "none"))).rejects.toThrow("There is no file");
  });
});

/** Kafka, the streaming job and the table of orders in one. */
class FakePlatform implements Transport {
  readonly table = new Set<string>();
  readonly sent: string[] = [];
  /** Looks at the table until what was sent is in it. */
  delay = 1;

  partitions(): Promise<number> {
    return Promise.resolve(1);
  }

  append(_topic: Topic, _partition: number, messages: readonly Message[]): Promise<void> {
    this.sent.push(
      ...messages.map(({ value }) => (JSON.parse(value) as { event_id: string }).event_id),
    );
    return Promise.resolve();
  }

  disconnect(): Promise<void> {
    return Promise.resolve();
  }

  readonly query = (sql: string): Promise<Record<string, unknown>[]> => {
    if (this.sent.length > 0 && this.delay-- <= 0) this.sent.forEach((id) => this.table.add(id));
    const asked = [...sql.matchAll(/'(e\d+)'/g)].map(([, id = ""]) => id);
    return Promise.resolve(
      asked.filter((id) => this.table.has(id)).map((id) => ({ event_id: id })),
    );
  };
}

describe("resendInto", () => {
  it("sends what the table lacks and ends when the table holds all", async () => {
    const platform = new FakePlatform();
    platform.table.add("e1");
    const file = await read(letter(order()), letter(order({ event_id: "e2" })), "{");
    const sender = await Sender.create(platform);
    expect(await resendInto("orders", path, file, sender, platform.query)).toEqual({
      ...{ file: path, topic: "orders", added: 1, alreadyThere: 1, repeated: 0 },
      refused: [{ line: 3, reason: "the line is not JSON" }],
    });
    expect(platform.sent).toEqual(["e2"]);
    expect([...platform.table]).toEqual(["e1", "e2"]);
  });
});

describe("printResent", () => {
  const summary = { file: "f", topic: "orders", added: 2, alreadyThere: 0, repeated: 0 } as const;

  it("fails with every line that was not sent", () => {
    vi.spyOn(process.stdout, "write").mockReturnValue(true);
    const print = () => {
      printResent({ ...summary, refused: [{ line: 3, reason: "price is wrong" }] }, true);
    };
    expect(print).toThrow(UserError);
    expect(print).toThrow(
      expect.objectContaining({
        message: "1 line was not sent",
        log: "line 3: price is wrong",
      }),
    );
  });

  it("is content when all were", () => {
    const write = vi.spyOn(process.stdout, "write").mockReturnValue(true);
    printResent({ ...summary, refused: [] }, true);
    expect(write).toHaveBeenCalledWith(`${JSON.stringify({ ...summary, refused: [] })}\n`);
  });
});
