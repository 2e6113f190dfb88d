import type { ReactNode } from "react";

import type { ServiceError } from "../../api.ts";
import { clockWithSeconds } from "./format.ts";

interface LatestErrorsProps {
  readonly errors: readonly ServiceError[];
  readonly isLoading: boolean;
}

/** The newest lines that services logged, newest first. */
export function LatestErrors({ errors, isLoading }: LatestErrorsProps): ReactNode {
  return (
    <section className="card" aria-labelledby="errors" aria-busy={isLoading}>
      <h2 id="errors">Latest errors</h2>
      {errors.length === 0 ? (
        <p className="empty">{isLoading ? "Loading…" : "No errors at this time."}</p>
      ) : (
        <div className="scroll" tabIndex={0} role="region" aria-labelledby="errors">
          <table>
            <thead>
              <tr>
                <th scope="col">Time</th>
                <th scope="col">Level</th>
                <th scope="col">Message</th>
                <th scope="col" className="wide">
                  User
                </th>
              </tr>
            </thead>
            <tbody>
              {errors.map((error) => (
                <tr key={error.eventId}>
                  <td className="time">
                    <time dateTime={error.time}>{clockWithSeconds(error.time)}</time>
                  </td>
                  <td>
                    <span className="tag" data-tone={error.level === "WARN" ? "waiting" : "bad"}>
                      {error.level}
                    </span>
                  </td>
                  <td>
                    {error.message}{" "}
                    <small>
                      {error.service} {error.code}
                    </small>
                  </td>
                  <td className="wide">{error.userId ?? "–"}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
}
