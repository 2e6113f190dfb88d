import type { ReactNode } from "react";

import type { Status } from "../../api.ts";
import { clock, day } from "./format.ts";
import type { LiveState } from "./live-store.ts";

interface NoticesProps {
  readonly status: Status | undefined;
  /** Why users and sellers cannot be counted. */
  readonly detailProblem: string | null;
  readonly connection: LiveState["connection"];
}

/** What a viewer must know to read the numbers rightly. Announced by screen readers as it changes. */
export function Notices({ status, detailProblem, connection }: NoticesProps): ReactNode {
  return (
    <div role="status">
      {connection === "lost" && (
        <p className="notice" data-tone="bad">
          The dashboard&rsquo;s server does not answer. The numbers below are the last ones it sent;
          the connection is tried again by itself.
        </p>
      )}
      {connection !== "lost" && status?.problem != null && (
        <p className="notice" data-tone="bad">
          The tables cannot be read{status.readAt === null ? "" : ": the numbers below are old"}.{" "}
          <small>{status.problem}</small>
        </p>
      )}
      {connection !== "lost" && status?.problem == null && detailProblem !== null && (
        <p className="notice" data-tone="waiting">
          Users, conversion and top sellers cannot be counted at the moment. A shorter range needs
          less time. <small>{detailProblem}</small>
        </p>
      )}
      {status?.isHistoric === true && status.dataTime !== null && (
        <p className="notice" data-tone="waiting">
          These are data of {day(status.dataTime)}, up to {clock(status.dataTime)} UTC: replayed, or
          nothing newer has come in. Times are those of the data, not of now.
        </p>
      )}
    </div>
  );
}
