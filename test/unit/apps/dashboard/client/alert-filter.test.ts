import { describe, expect, it } from "vitest";

import type { Alert } from "../../../../../apps/dashboard/api.ts";
import {
  type AlertFilter,
  choicesOf,
  filterAlerts,
  noFilter,
} from "../../../../../apps/dashboard/client/src/alert-filter.ts";

function alert(alertId: string, changes: Partial<Alert>): Alert {
  return {
    alertId,
    time: "2019-10-01T02:00:00.000Z",
    kind: "anomaly",
    metric: "error_rate",
    value: null,
    expected: null,
    deviation: null,
    message: "The error rate is high",
    recoveredAt: null,
    ...changes,
  };
}

const alerts = [
  alert("rate", {}),
  alert("over", { recoveredAt: "2019-10-01T02:10:00.000Z" }),
  alert("fatal", { kind: "fatal_error", metric: "errors", message: "Payment: no connection" }),
];

describe("filterAlerts", () => {
  it.each<[Partial<AlertFilter>, string[]]>([
    [{}, ["rate", "over", "fatal"]],
    [{ kind: "anomaly" }, ["rate", "over"]],
    [{ metric: "errors" }, ["fatal"]],
    [{ state: "open" }, ["rate", "fatal"]],
    [{ state: "recovered" }, ["over"]],
    [{ text: "CONNECTION payment" }, ["fatal"]],
    [{ text: "  error_rate " }, ["rate", "over"]],
    [{ kind: "anomaly", state: "open", text: "high" }, ["rate"]],
    [{ text: "nothing like that" }, []],
  ])("with %j leaves %j", (filter, left) => {
    const shown = filterAlerts(alerts, { ...noFilter, ...filter });
    expect(shown.map(({ alertId }) => alertId)).toEqual(left);
  });
});

it("offers each value once to choose from", () => {
  expect(choicesOf(["b", "a", "b"])).toEqual(["a", "b"]);
});
