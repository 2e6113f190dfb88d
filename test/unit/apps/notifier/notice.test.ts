import { expect, it } from "vitest";

import { bodyOf, idOf } from "../../../../apps/notifier/notice.ts";
import { alert, anomaly } from "./alerts.ts";

it("a notice as JSON is the alert by its columns, with an id of its own", () => {
  const recovered = anomaly({ recoveredAt: "2026-11-21T12:10:00.000Z" });
  expect(JSON.parse(bodyOf({ type: "recovered", alert: recovered }, "json"))).toEqual({
    id: "a2-recovered",
    type: "alert.recovered",
    alert: {
      alert_id: "a2",
      alert_time: "2026-11-21T12:00:00.000Z",
      kind: "anomaly",
      metric: "error_rate",
      value: 0.25,
      expected: 0.02,
      deviation: 9.5,
      message: recovered.message,
      recovered_at: "2026-11-21T12:10:00.000Z",
    },
  });
  expect(idOf({ type: "raised", alert: recovered })).toBe("a2-raised");
});

it.each([
  [
    { type: "raised", alert: alert({ message: "A & B: <none> left" }) },
    "*:rotating_light: Fatal error: payment*\nA &amp; B: &lt;none&gt; left\n" +
      "2026-11-21T12:00:00.000Z · `a1-raised`",
  ],
  [
    { type: "raised", alert: anomaly({ message: "it rose" }) },
    "*:rotating_light: Anomaly: error_rate*\nit rose\n2026-11-21T12:00:00.000Z · `a2-raised`",
  ],
  [
    {
      type: "recovered",
      alert: anomaly({ message: "it rose", recoveredAt: "2026-11-21T12:10:00.000Z" }),
    },
    "*:white_check_mark: Recovered: error_rate*\nit rose\n" +
      "2026-11-21T12:00:00.000Z – 2026-11-21T12:10:00.000Z · `a2-recovered`",
  ],
] as const)("for Slack it is a text", (notice, text) => {
  expect(JSON.parse(bodyOf(notice, "slack"))).toEqual({ text });
});
