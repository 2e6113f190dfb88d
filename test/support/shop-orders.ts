import { Random } from "../../apps/producer/random.ts";

/** A statement on public.orders with its values. */
export interface OrderChange {
  readonly text: string;
  readonly values: readonly unknown[];
}

const statuses = ["placed", "paid", "sent", "returned"];
const products = ["lamp", "Stuhl", "étagère", "o'clock"];

/** Mixed changes of an empty table, the same for the same seed: a third of them deletes or moves a row. */
export function* orderChanges(seed: number): Generator<OrderChange, never> {
  const random = new Random(seed);
  const present: number[] = [];
  /** Takes out one that is there. */
  const take = (): number => present.splice(random.below(present.length), 1)[0] ?? 0;
  const money = () =>
    `${random.below(1_000_000_000)}.${String(random.below(100)).padStart(2, "0")}`;
  for (let next = 1; ; next++) {
    const dice = present.length === 0 ? 0 : random.next();
    if (dice < 0.4) {
      present.push(next);
      const note = random.chance(0.5) ? null : `n°${next} "quoted"`;
      yield {
        text: `INSERT INTO public.orders (order_id, customer, product, quantity, amount, note)
               VALUES ($1, $2, $3, $4, $5, $6)`,
        values: [next, `customer ${random.below(50)}`, random.pick(products), 1, money(), note],
      };
    } else if (dice < 0.7) {
      yield {
        text: `UPDATE public.orders SET status = $2, amount = $3, quantity = quantity + 1,
                 note = CASE WHEN note IS NULL THEN $4 END, updated_at = clock_timestamp()
               WHERE order_id = $1`,
        values: [random.pick(present), random.pick(statuses), money(), `changed ${next}`],
      };
    } else if (dice < 0.95) {
      yield { text: "DELETE FROM public.orders WHERE order_id = $1", values: [take()] };
    } else {
      yield {
        text: "UPDATE public.orders SET order_id = $2 WHERE order_id = $1",
        values: [take(), next],
      };
      present.push(next);
    }
  }
}
