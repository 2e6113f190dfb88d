import type { ReactNode } from "react";

import type { Order } from "../../api.ts";
import { categoryPath, clockWithSeconds, count, money } from "./format.ts";

interface LatestOrdersProps {
  readonly orders: readonly Order[];
  readonly isLoading: boolean;
}

/** The newest orders, newest first. */
export function LatestOrders({ orders, isLoading }: LatestOrdersProps): ReactNode {
  return (
    <section className="card" aria-labelledby="orders" aria-busy={isLoading}>
      <h2 id="orders">Latest orders</h2>
      {orders.length === 0 ? (
        <p className="empty">{isLoading ? "Loading…" : "No orders at this time."}</p>
      ) : (
        <div className="scroll" tabIndex={0} role="region" aria-labelledby="orders">
          <table>
            <thead>
              <tr>
                <th scope="col">Time</th>
                <th scope="col">Product</th>
                <th scope="col" className="wide">
                  User
                </th>
                <th scope="col" className="number wide">
                  Price
                </th>
                <th scope="col" className="number">
                  Pieces
                </th>
                <th scope="col" className="number">
                  Amount
                </th>
              </tr>
            </thead>
            <tbody>
              {orders.map((order) => (
                <tr key={order.orderId}>
                  <td className="time">
                    <time dateTime={order.time}>{clockWithSeconds(order.time)}</time>
                  </td>
                  <td>
                    <span className="brand">{order.brand ?? "no brand"}</span>{" "}
                    <small>
                      {order.category === null ? order.productId : categoryPath(order.category)}
                    </small>
                  </td>
                  <td className="wide">{order.userId}</td>
                  <td className="number wide">{money(order.price)}</td>
                  <td className="number">{count(order.quantity)}</td>
                  <td className="number">
                    <strong>{money(order.amount)}</strong>
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
}
