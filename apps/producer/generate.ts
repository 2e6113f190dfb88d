import { Catalogue, productJson } from "./catalogue.ts";
import { EventIds } from "./event-ids.ts";
import type { ClickAction, Message } from "./events.ts";
import { breakMessage } from "./malformed.ts";
import { formatCents } from "./money.ts";
import { Random } from "./random.ts";
import { nextLogLine } from "./service-log.ts";

export interface ShopOptions {
  /** Any integer: the same seed and times give the same events. */
  readonly seed: number;
  /** When the producer started, in ms since 1970; part of every id. */
  readonly startedAt: number;
  /** Events per second that will be asked for: a busier shop has more visitors at a time. */
  readonly rate: number;
  /** Share of the events that break the contract, 0 to 1. */
  readonly malformedShare: number;
}

/** Share of the events that are lines of a service's log. */
const logShare = 0.02;

/** A visitor does something every so many seconds. */
const secondsBetweenClicks = 15;
const fewestVisitors = 40;
const mostVisitors = 20_000;

/** Steps of each visitor before the shop opens, so that some are about to buy from the first event on. */
const stepsBefore = 12;

/** How many people know the shop. */
const population = 200_000;

/** Chances of what a visitor does next. */
const chanceOfAnotherView = 0.86;
const chanceOfSimilarProduct = 0.7;
const chanceToPutInCart = 0.1;
const chanceToThinkBetter = 0.15;
const chanceToBuy = 0.55;
const quantities = [1, 1, 1, 1, 1, 1, 1, 2, 2, 3];

interface Visitor {
  readonly userId: string;
  /** The JSON of user_id and session_id. */
  readonly json: string;
  /** Index of the product that is looked at. */
  product: number;
  /** What comes next about that product; `view` looks for another one first. */
  next: ClickAction | "buy";
  readonly cart: number[];
}

/**
 * A believable shop: visitors come for popular products, look around among similar ones, put some
 * in the cart, think better of a few, and buy; its services log what happens to them.
 */
export class Shop {
  readonly #random: Random;
  readonly #ids: EventIds;
  readonly #catalogue: Catalogue;
  /** The JSON of each product's fields, written once. */
  readonly #productJson: readonly string[];
  readonly #visitors: Visitor[];
  readonly #malformedShare: number;
  #malformed = 0;

  constructor({ seed, startedAt, rate, malformedShare }: ShopOptions) {
    this.#random = new Random(seed);
    this.#ids = new EventIds(startedAt, seed);
    this.#malformedShare = malformedShare;
    this.#catalogue = new Catalogue(this.#random);
    this.#productJson = this.#catalogue.products.map(productJson);
    const visitors = Math.round(rate * secondsBetweenClicks);
    this.#visitors = Array.from(
      { length: Math.min(Math.max(visitors, fewestVisitors), mostVisitors) },
      () => this.#newVisitor(),
    );
    for (let step = 0; step < stepsBefore * this.#visitors.length; step++) this.#visit("");
  }

  /** How many events so far were made to break the contract. */
  get malformed(): number {
    return this.#malformed;
  }

  /**
   * The shop's next events.
   * @param now their event time, in ms since 1970.
   */
  events(count: number, now: number): Message[] {
    const time = `"event_time":"${new Date(now).toISOString()}"`;
    return Array.from({ length: count }, () => {
      const message = this.#random.chance(logShare) ? this.#logLine(time) : this.#visit(time);
      if (!this.#random.chance(this.#malformedShare)) return message;
      this.#malformed += 1;
      return breakMessage(message, this.#random);
    });
  }

  #visit(time: string): Message {
    const index = this.#random.below(this.#visitors.length);
    const visitor = this.#visitors[index] ?? this.#newVisitor();
    const action = visitor.next;
    if (action === "buy") {
      const order = this.#order(visitor, visitor.cart.pop() ?? visitor.product, time);
      if (visitor.cart.length === 0) this.#visitors[index] = this.#newVisitor();
      return order;
    }
    const click = this.#click(visitor, action, time);
    if (action === "cart") visitor.cart.push(visitor.product);
    if (action === "remove_from_cart") visitor.cart.pop();
    if (!this.#decide(visitor, action)) this.#visitors[index] = this.#newVisitor();
    return click;
  }

  /** What the visitor does next; false if the visit is over. */
  #decide(visitor: Visitor, last: ClickAction): boolean {
    const random = this.#random;
    if (last === "view" && random.chance(chanceToPutInCart)) {
      visitor.next = "cart";
    } else if (last === "cart" && random.chance(chanceToThinkBetter)) {
      visitor.next = "remove_from_cart";
    } else if (random.chance(chanceOfAnotherView)) {
      visitor.product = random.chance(chanceOfSimilarProduct)
        ? this.#catalogue.pickSimilar(random, visitor.product)
        : this.#catalogue.pickPopular(random);
      visitor.next = "view";
    } else if (visitor.cart.length > 0 && random.chance(chanceToBuy)) {
      visitor.next = "buy";
    } else {
      return false;
    }
    return true;
  }

  #click(visitor: Visitor, action: ClickAction, time: string): Message {
    const product = this.#productJson[visitor.product] ?? "";
    return {
      topic: "clicks",
      key: visitor.userId,
      value: `{"event_id":"${this.#ids.next()}",${time},${visitor.json},${product},"action":"${action}"}`,
    };
  }

  #order(visitor: Visitor, product: number, time: string): Message {
    const quantity = this.#random.pick(quantities);
    const amount = formatCents((this.#catalogue.products[product]?.cents ?? 0) * quantity);
    const id = this.#ids.next();
    return {
      topic: "orders",
      key: visitor.userId,
      value:
        `{"event_id":"${id}",${time},"order_id":"order-${id}",${visitor.json},` +
        `${this.#productJson[product] ?? ""},"quantity":${quantity},"amount":"${amount}"}`,
    };
  }

  #logLine(time: string): Message {
    const { service, level, code, message } = nextLogLine(this.#random);
    const visitor = this.#random.chance(0.5) ? this.#random.pick(this.#visitors) : undefined;
    const fields = { service, level, code, message, user_id: visitor?.userId ?? null };
    return {
      topic: "errors",
      key: service,
      value: `{"event_id":"${this.#ids.next()}",${time},${JSON.stringify(fields).slice(1)}`,
    };
  }

  #newVisitor(): Visitor {
    const userId = String(500_000_000 + this.#random.below(population));
    return {
      userId,
      json: `"user_id":"${userId}","session_id":"${this.#ids.next()}"`,
      product: this.#catalogue.pickPopular(this.#random),
      next: "view",
      cart: [],
    };
  }
}
