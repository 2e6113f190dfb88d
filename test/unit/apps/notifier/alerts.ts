import type { Alert } from "../../../../apps/dashboard/api.ts";

/** A fatal error, with whatever is special about it. */
export function alert(special: Partial<Alert> = {}): Alert {
  return {
    alertId: "a1",
    time: "2026-11-21T12:00:00.000Z",
    kind: "fatal_error",
    metric: "payment",
    value: null,
    expected: null,
    deviation: null,
    message: "PROVIDER_DOWN: No payment provider can be reached",
    recoveredAt: null,
    ...special,
  };
}

/** An anomaly of the error rate. */
export function anomaly(special: Partial<Alert> = {}): Alert {
  return alert({
    alertId: "a2",
    kind: "anomaly",
    metric: "error_rate",
    value: 0.25,
    expected: 0.02,
    deviation: 9.5,
    message: "error_rate rose to 25.0% in a minute, expected was 2.0% (9.5 standard deviations)",
    ...special,
  });
}
