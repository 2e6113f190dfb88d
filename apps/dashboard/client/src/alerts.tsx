import { type ReactNode, useState } from "react";

import type { Alert } from "../../api.ts";
import { type AlertFilter, choicesOf, filterAlerts, noFilter } from "./alert-filter.ts";
import { compact, moment } from "./format.ts";

interface AlertsProps {
  readonly alerts: readonly Alert[];
  readonly isLoading: boolean;
}

/** The alerts of the range, newest first, and a filter for them. */
export function Alerts({ alerts, isLoading }: AlertsProps): ReactNode {
  const [filter, setFilter] = useState(noFilter);
  const shown = filterAlerts(alerts, filter);
  return (
    <section className="card" aria-labelledby="alerts" aria-busy={isLoading}>
      <div className="section-head">
        <h2 id="alerts">Alerts</h2>
        {alerts.length > 0 && (
          <p role="status">
            {shown.length} of {alerts.length},{" "}
            {alerts.filter(({ recoveredAt }) => recoveredAt === null).length} open
          </p>
        )}
      </div>
      {alerts.length === 0 ? (
        <p className="empty">{isLoading ? "Loading…" : "No alerts at this time."}</p>
      ) : (
        <>
          <Filter alerts={alerts} filter={filter} change={setFilter} />
          {shown.length === 0 ? (
            <p className="empty">
              No alert is like that.{" "}
              <button
                type="button"
                onClick={() => {
                  setFilter(noFilter);
                }}
              >
                Show all
              </button>
            </p>
          ) : (
            <AlertTable alerts={shown} />
          )}
        </>
      )}
    </section>
  );
}

interface FilterProps {
  readonly alerts: readonly Alert[];
  readonly filter: AlertFilter;
  readonly change: (filter: AlertFilter) => void;
}

function Filter({ alerts, filter, change }: FilterProps): ReactNode {
  const select = (
    label: string,
    name: "kind" | "metric" | "state",
    choices: readonly string[],
  ): ReactNode => (
    <label>
      {label}
      <select
        value={filter[name]}
        onChange={({ target }) => {
          change({ ...filter, [name]: target.value });
        }}
      >
        <option value="">any</option>
        {choices.map((choice) => (
          <option key={choice} value={choice}>
            {choice.replaceAll("_", " ")}
          </option>
        ))}
      </select>
    </label>
  );
  return (
    <form className="filter" role="search" aria-label="Filter of the alerts">
      {select("Kind", "kind", choicesOf(alerts.map(({ kind }) => kind)))}
      {select("Metric", "metric", choicesOf(alerts.map(({ metric }) => metric)))}
      {select("State", "state", ["open", "recovered"])}
      <label>
        Text
        <input
          type="search"
          value={filter.text}
          onChange={({ target }) => {
            change({ ...filter, text: target.value });
          }}
        />
      </label>
    </form>
  );
}

function AlertTable({ alerts }: { readonly alerts: readonly Alert[] }): ReactNode {
  return (
    <div className="scroll" tabIndex={0} role="region" aria-labelledby="alerts">
      <table>
        <thead>
          <tr>
            <th scope="col">Time</th>
            <th scope="col">Alert</th>
            <th scope="col" className="number wide">
              Value
            </th>
            <th scope="col" className="number wide">
              Expected
            </th>
            <th scope="col">State</th>
          </tr>
        </thead>
        <tbody>
          {alerts.map((alert) => (
            <tr key={alert.alertId}>
              <td className="time">
                <time dateTime={alert.time}>{moment(alert.time)}</time>
              </td>
              <td>
                <span className="tag" data-tone={alert.kind === "fatal_error" ? "bad" : "waiting"}>
                  {alert.kind.replaceAll("_", " ")}
                </span>{" "}
                {alert.message} <small>{alert.metric.replaceAll("_", " ")}</small>
              </td>
              <td className="number wide">{figure(alert.value)}</td>
              <td className="number wide">{figure(alert.expected)}</td>
              <td>
                {alert.recoveredAt === null ? (
                  <span data-tone="bad">
                    <strong>open</strong>
                  </span>
                ) : (
                  <>
                    recovered <small>{moment(alert.recoveredAt)}</small>
                  </>
                )}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function figure(value: number | null): string {
  if (value === null) return "–";
  return Math.abs(value) < 1 ? value.toFixed(4) : compact(value);
}
