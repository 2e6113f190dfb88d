import { describe, expect, it } from "vitest";

import {
  addressOf,
  type Place,
  placeOf,
} from "../../../../../apps/dashboard/client/src/location.ts";

describe("the address of a place", () => {
  it.each<[string, Place]>([
    ["/", { page: "overview", range: "1h" }],
    ["/?range=all", { page: "overview", range: "all" }],
    ["/pipeline", { page: "pipeline", range: "1h" }],
    ["/pipeline?range=15m", { page: "pipeline", range: "15m" }],
    [
      "/?from=2019-10-01T02%3A00Z&to=2019-10-01T02%3A30Z",
      {
        page: "overview",
        range: { from: Date.UTC(2019, 9, 1, 2), to: Date.UTC(2019, 9, 1, 2, 30) },
      },
    ],
  ])("%s is read as it is written", (address, place) => {
    expect(addressOf(place)).toBe(address);
    expect(placeOf(new URL(address, "http://localhost"))).toEqual(place);
  });

  it("that makes no sense leads to what is usual", () => {
    expect(placeOf(new URL("/elsewhere?range=never", "http://localhost"))).toEqual({
      page: "overview",
      range: "1h",
    });
  });
});
