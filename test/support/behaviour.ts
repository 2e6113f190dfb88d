import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { root } from "../../cli/host/paths.ts";

/** What a behaviour CSV holds, counted here without any code of the product. */
export interface BehaviourTruth {
  readonly rows: number;
  readonly orders: number;
  readonly clicks: number;
  readonly carts: number;
  readonly deadLetters: number;
  /** Sum of the purchases' prices in cents. */
  readonly revenueCents: bigint;
  /** By the minute's start, `2019-10-01T00:00:00.000Z`. */
  readonly minutes: ReadonlyMap<string, MinuteTruth>;
}

/** The KPIs of one minute. */
export interface MinuteTruth {
  readonly orders: number;
  readonly revenueCents: bigint;
  readonly activeUsers: number;
  readonly clicks: number;
  readonly carts: number;
}

const sharedFile = join(root, "../shared/data/rees46-2019-10-01.csv");
const header =
  "event_time,event_type,product_id,category_id,category_code,brand,price,user_id,user_session";

/**
 * A real day's file where it lies beside the clone, otherwise a made one of the same form with
 * identical rows, late rows, rows without brand and one broken row.
 */
export async function behaviourFile(folder: string): Promise<string> {
  return existsSync(sharedFile)
    ? sharedFile
    : await madeBehaviourFile(join(folder, "behaviour.csv"), 20_000, "2019-10-01T00:00:00Z");
}

/**
 * Writes a behaviour CSV of `rows` rows, the last of which is cut off. The numbers behind it are a
 * fixed sequence: the same arguments give the same file.
 */
export async function madeBehaviourFile(
  file: string,
  rows: number,
  start: string,
): Promise<string> {
  let state = 42;
  const next = (below: number): number => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return (state >>> 8) % below;
  };
  const lines = [header];
  const begin = Date.parse(start);
  for (let row = 0; row < rows - 1; row += 1) {
    if (row % 997 === 996) {
      // The same line once more is an event of its own.
      lines.push(String(lines.at(-1)));
      continue;
    }
    // Every 50th row comes minutes late.
    const late = row % 50 === 49 ? next(600) : 0;
    const time = new Date(begin + Math.floor(row / 3) * 1000 - late * 1000);
    const kind = next(100);
    const type =
      kind < 3 ? "purchase" : kind < 10 ? "cart" : kind < 12 ? "remove_from_cart" : "view";
    const user = 500_000_000 + next(3000);
    const price = `${next(900)}.${String(next(100)).padStart(2, "0")}`;
    const brand = next(7) === 0 ? "" : `brand-${next(40)}`;
    const stamp = time
      .toISOString()
      .replace("T", " ")
      .replace(/\.\d+Z$/, " UTC");
    lines.push(
      `${stamp},${type},${1_000_000 + next(5000)},2053013552326770905,electronics.audio,${brand},${price},${user},session-${user}-${next(4)}`,
    );
  }
  lines.push(
    "2019-10-01 02:00:00 UTC,view,1004856,2053013555631882655,electronics.smartphone,samsung,130.76,5439",
  );
  await writeFile(file, lines.join("\n"));
  return file;
}

/** Counts a behaviour CSV whose fields hold no quotes or commas, straight from its text. */
export async function behaviourTruth(file: string): Promise<BehaviourTruth> {
  const [first, ...lines] = (await readFile(file, "utf8"))
    .split(/\r?\n/)
    .filter((line) => line !== "");
  if (first !== header) throw new Error(`${file}: unexpected header ${String(first)}`);
  const minutes = new Map<string, MinuteTruth & { users: Set<string> }>();
  const truth = { orders: 0, clicks: 0, carts: 0, deadLetters: 0, revenueCents: 0n };
  for (const line of lines) {
    const [time = "", type = "", , , , , price = "", user = "", session = ""] = line.split(",");
    if (user === "" || session === "") {
      truth.deadLetters += 1;
      continue;
    }
    const minute = `${time.slice(0, 10)}T${time.slice(11, 16)}:00.000Z`;
    const before = minutes.get(minute);
    const users = before?.users ?? new Set<string>();
    users.add(user);
    const cents = type === "purchase" ? BigInt(Math.round(Number(price) * 100)) : 0n;
    const isOrder = type === "purchase" ? 1 : 0;
    const isCart = type === "cart" ? 1 : 0;
    truth.orders += isOrder;
    truth.clicks += 1 - isOrder;
    truth.carts += isCart;
    truth.revenueCents += cents;
    minutes.set(minute, {
      users,
      orders: (before?.orders ?? 0) + isOrder,
      revenueCents: (before?.revenueCents ?? 0n) + cents,
      activeUsers: users.size,
      clicks: (before?.clicks ?? 0) + 1 - isOrder,
      carts: (before?.carts ?? 0) + isCart,
    });
  }
  return { rows: lines.length, ...truth, minutes };
}

/** Cents as the decimal text that SQL gives: 5944263n is `59442.63`. */
export function decimal(cents: bigint): string {
  return `${cents / 100n}.${String(cents % 100n).padStart(2, "0")}`;
}
