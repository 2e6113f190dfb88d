import { isConditionTrue, textAt } from "../objects.ts";
import type { LiveObject } from "../objects.ts";
import { failed, MINUTES, ready, waiting } from "./readiness.ts";
import type { Awaiter, Readiness } from "./readiness.ts";

/** Ready when the pod is ready, or has done its work. */
export const pod: Awaiter = {
  timeoutMs: 10 * MINUTES,
  begin: () => look,
  pods: (live) => Promise.resolve([live]),
};

function look(live: LiveObject): Readiness {
  const phase = textAt(live, ["status", "phase"]) ?? "Pending";
  if (phase === "Succeeded" || isConditionTrue(live, "Ready")) return ready;
  if (phase === "Failed") return failed("the pod has failed");
  return waiting(`the pod is ${phase === "Running" ? "running, but not ready" : "pending"}`);
}
