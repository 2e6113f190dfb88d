import { useSyncExternalStore } from "react";

import { defaultRange, parseRange, type Range, rangeParameters } from "../../range.ts";

export type Page = "overview" | "pipeline";

/** What the address says: it can be shared, and the browser's "back" works. */
export interface Place {
  readonly page: Page;
  readonly range: Range;
}

/** The place that an address means; what it says wrongly is left out. */
export function placeOf({ pathname, search }: Pick<Location, "pathname" | "search">): Place {
  return { page: pathname === "/pipeline" ? "pipeline" : "overview", range: rangeOf(search) };
}

/** The address of a place, without a host. */
export function addressOf({ page, range }: Place): string {
  const parameters = String(rangeParameters(range));
  return `${page === "pipeline" ? "/pipeline" : "/"}${parameters && `?${parameters}`}`;
}

/** Goes to a place without loading the page anew. */
export function goTo(place: Place): void {
  history.pushState(null, "", addressOf(place));
  window.dispatchEvent(new PopStateEvent("popstate"));
}

/** The place that the page is at. */
export function usePlace(): Place {
  const address = useSyncExternalStore(
    (listener) => {
      window.addEventListener("popstate", listener);
      return () => {
        window.removeEventListener("popstate", listener);
      };
    },
    () => `${location.pathname}${location.search}`,
  );
  return placeOf(new URL(address, location.origin));
}

function rangeOf(search: string): Range {
  try {
    return parseRange(new URLSearchParams(search));
  } catch {
    return defaultRange;
  }
}
