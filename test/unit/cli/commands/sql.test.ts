import { describe, expect, test } from "vitest";

import { FlightError } from "../../../../apps/query/client/flight-client.ts";
import { resultTable, userError } from "../../../../cli/commands/sql.ts";

describe("resultTable", () => {
  test("numbers stand to the right, text to the left", () => {
    const rows = [
      { name: "a", n: 1, money: "12.50" },
      { name: "long", n: 100, money: null },
    ];
    expect(resultTable(rows)).toBe(
      [
        "┌──────┬─────┬───────┐",
        "│ name │   n │ money │",
        "├──────┼─────┼───────┤",
        "│ a    │   1 │ 12.50 │",
        "├──────┼─────┼───────┤",
        "│ long │ 100 │  NULL │",
        "└──────┴─────┴───────┘",
      ].join("\n"),
    );
  });

  test("nested values are JSON", () => {
    expect(resultTable([{ tags: ["a", null] }])).toContain('│ ["a",null] │');
  });
});

test.each([
  ["UNAVAILABLE", "The query engine cannot answer: why", /npm run status/],
  ["DEADLINE_EXCEEDED", "The query took too long", /WHERE/],
  ["UNAUTHENTICATED", "The query engine refuses the user of this stack: why", /npm run up/],
  ["UNKNOWN", "why", /SHOW TABLES/],
])("a query that fails with %s has a cure", (code, message, cure) => {
  const error = userError(new FlightError("why", code));
  expect(error.message).toBe(message);
  expect(error.cure).toMatch(cure);
});
