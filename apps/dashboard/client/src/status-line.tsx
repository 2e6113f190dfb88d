import type { ReactNode } from "react";

import type { Status } from "../../api.ts";
import { clockWithSeconds } from "./format.ts";
import type { LiveState } from "./live-store.ts";

interface StatusLineProps {
  readonly status: Status | undefined;
  readonly connection: LiveState["connection"];
}

/** One word on whether the numbers move, and when they were read. */
export function StatusLine({ status, connection }: StatusLineProps): ReactNode {
  const { tone, word } = describe(status, connection);
  const readAt = status?.readAt ?? null;
  return (
    <p className="status" data-tone={tone}>
      <span className="dot" aria-hidden="true" />
      <strong>{word}</strong>
      {readAt !== null && <span>read {clockWithSeconds(readAt)} UTC</span>}
    </p>
  );
}

function describe(
  status: Status | undefined,
  connection: LiveState["connection"],
): { tone: "good" | "waiting" | "bad"; word: string } {
  if (connection === "lost") return { tone: "bad", word: "Disconnected" };
  if (status?.state === "stale") return { tone: "bad", word: "Stale" };
  if (status?.state !== "live") return { tone: "waiting", word: "Loading" };
  return status.isHistoric
    ? { tone: "waiting", word: "Past data" }
    : { tone: "good", word: "Live" };
}

interface PipelineStatusLineProps {
  readonly readAt: string | null;
  readonly connection: LiveState["connection"];
}

/** The same for the pipeline, whose parts each say for themselves how they are. */
export function PipelineStatusLine({ readAt, connection }: PipelineStatusLineProps): ReactNode {
  const [tone, word] =
    connection === "lost"
      ? ["bad", "Disconnected"]
      : readAt === null
        ? ["waiting", "Loading"]
        : ["good", "Live"];
  return (
    <p className="status" data-tone={tone}>
      <span className="dot" aria-hidden="true" />
      <strong>{word}</strong>
      {readAt !== null && <span>read {clockWithSeconds(readAt)} UTC</span>}
    </p>
  );
}
