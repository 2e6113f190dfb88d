import type { Alert } from "../../api.ts";

/** What a viewer wants to see of the alerts; an empty text is no condition. */
export interface AlertFilter {
  readonly kind: string;
  readonly metric: string;
  readonly state: "" | "open" | "recovered";
  /** Words that the message must all have, whatever their case. */
  readonly text: string;
}

export const noFilter: AlertFilter = { kind: "", metric: "", state: "", text: "" };

/** The alerts that fulfil every condition. */
export function filterAlerts(alerts: readonly Alert[], filter: AlertFilter): Alert[] {
  const words = filter.text.toLowerCase().split(/\s+/);
  return alerts.filter(
    ({ kind, metric, message, recoveredAt }) =>
      (filter.kind === "" || kind === filter.kind) &&
      (filter.metric === "" || metric === filter.metric) &&
      (filter.state === "" || (recoveredAt === null) === (filter.state === "open")) &&
      words.every((word) => `${kind} ${metric} ${message}`.toLowerCase().includes(word)),
  );
}

/** Every value once, in order, for a list to choose from. */
export function choicesOf(values: readonly string[]): string[] {
  return [...new Set(values)].toSorted();
}
