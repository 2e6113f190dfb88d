import pLimit from "p-limit";

import type { Query } from "./rows.ts";

/** Queries at once: of the four places of the query engine one stays free for other clients. */
const mostAtOnce = 3;

/**
 * The same query function for many readers: the others wait here, where nothing gives up waiting,
 * and whoever asks what is waiting already gets the same answer.
 */
export function queued(query: Query): Query {
  const limit = pLimit(mostAtOnce);
  const waiting = new Map<string, ReturnType<Query>>();
  return (sql) => {
    const answer =
      waiting.get(sql) ??
      limit(() => {
        // From here on the answer would be older than the question.
        waiting.delete(sql);
        return query(sql);
      });
    waiting.set(sql, answer);
    return answer;
  };
}
