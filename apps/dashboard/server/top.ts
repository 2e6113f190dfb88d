import type { Top } from "../api.ts";
import type { Period } from "../range.ts";
import { number, type Query, text, textOrNull } from "./rows.ts";
import { within } from "./sql.ts";

/** How many rows each list has. */
const listed = 10;

/** The products and categories with the largest revenue in a period. */
export async function readTop(query: Query, period: Period): Promise<Top> {
  const condition = within("event_time", period);
  const [products, categories] = await Promise.all([
    query(
      `SELECT product_id, MAX(brand) AS brand, MAX(category) AS category,
         COUNT(*) AS order_count, SUM(amount) AS revenue
       FROM ecommerce_db.orders WHERE ${condition}
       GROUP BY product_id ORDER BY revenue DESC, product_id LIMIT ${listed}`,
    ),
    query(
      `SELECT category, COUNT(*) AS order_count, SUM(amount) AS revenue
       FROM ecommerce_db.orders WHERE ${condition}
       GROUP BY category ORDER BY revenue DESC, category LIMIT ${listed}`,
    ),
  ]);
  return {
    products: products.map((row) => ({
      name: text(row, "product_id"),
      detail: [textOrNull(row, "brand"), textOrNull(row, "category")].filter(Boolean).join(" · "),
      orders: number(row, "order_count"),
      revenue: text(row, "revenue"),
    })),
    categories: categories.map((row) => ({
      name: textOrNull(row, "category"),
      detail: null,
      orders: number(row, "order_count"),
      revenue: text(row, "revenue"),
    })),
  };
}
