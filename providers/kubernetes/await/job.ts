import { conditionOf, isConditionTrue, numberAt } from "../objects.ts";
import type { LiveObject } from "../objects.ts";
import { podsBySelector } from "../pods.ts";
import { failed, MINUTES, ready, waiting } from "./readiness.ts";
import type { Awaiter, Readiness } from "./readiness.ts";

/** Ready when the job has succeeded. */
export const job: Awaiter = {
  timeoutMs: 10 * MINUTES,
  begin: () => lookAtJob,
  pods: podsBySelector,
};

export function lookAtJob(live: LiveObject): Readiness {
  if (isConditionTrue(live, "Complete")) return ready;
  if (isConditionTrue(live, "Failed")) {
    const condition = conditionOf(live, "Failed") ?? {};
    return failed(`${String(condition["reason"])}: ${String(condition["message"])}`);
  }
  const count = (name: string) => numberAt(live, ["status", name]) ?? 0;
  return waiting(
    `${count("active")} pods active, ${count("succeeded")} succeeded, ${count("failed")} failed`,
  );
}
