import type { ReactNode } from "react";

import type { Seller, Top } from "../../api.ts";
import { categoryPath, count, money } from "./format.ts";

interface TopSellersProps {
  readonly top: Top | undefined;
  readonly isLoading: boolean;
}

/** The products and categories with the largest revenue. */
export function TopSellers({ top, isLoading }: TopSellersProps): ReactNode {
  return (
    <div className="pair">
      <Sellers
        id="top-products"
        title="Top products"
        sellers={top?.products ?? []}
        isLoading={isLoading || top === undefined}
      />
      <Sellers
        id="top-categories"
        title="Top categories"
        sellers={top?.categories ?? []}
        isLoading={isLoading || top === undefined}
      />
    </div>
  );
}

interface SellersProps {
  readonly id: string;
  readonly title: string;
  readonly sellers: readonly Seller[];
  readonly isLoading: boolean;
}

function Sellers({ id, title, sellers, isLoading }: SellersProps): ReactNode {
  const largest = Number(sellers[0]?.revenue ?? 0);
  return (
    <section className="card" aria-labelledby={id} aria-busy={isLoading}>
      <h2 id={id}>{title}</h2>
      {sellers.length === 0 ? (
        <p className="empty">{isLoading ? "Loading…" : "No orders at this time."}</p>
      ) : (
        <ol className="sellers">
          {sellers.map((seller) => (
            <li key={seller.name ?? ""}>
              <span className="seller-name">{nameOf(seller)}</span>
              <span className="seller-revenue">{money(seller.revenue)}</span>
              <small>{count(seller.orders)} orders</small>
              <span className="bar" aria-hidden="true">
                <span style={{ width: `${shareOf(seller, largest)}%` }} />
              </span>
            </li>
          ))}
        </ol>
      )}
    </section>
  );
}

function nameOf({ name, detail }: Seller): ReactNode {
  if (name === null) return "no category";
  if (detail === null) return categoryPath(name);
  return (
    <>
      {detail === "" ? "no brand" : categoryPath(detail)} <small>{name}</small>
    </>
  );
}

function shareOf({ revenue }: Seller, largest: number): number {
  return largest === 0 ? 0 : (100 * Number(revenue)) / largest;
}
