import { numberAt } from "../objects.ts";
import type { LiveObject } from "../objects.ts";
import { podsBySelector } from "../pods.ts";
import { MINUTES, ready, waiting } from "./readiness.ts";
import type { Awaiter, Readiness } from "./readiness.ts";

/** Ready when every node that should run a pod runs an updated, available one. */
export const daemonSet: Awaiter = {
  timeoutMs: 10 * MINUTES,
  begin: () => look,
  pods: podsBySelector,
};

function look(live: LiveObject): Readiness {
  const status = (name: string) => numberAt(live, ["status", name]) ?? 0;
  const observed = numberAt(live, ["status", "observedGeneration"]);
  if (observed === undefined || observed < (numberAt(live, ["metadata", "generation"]) ?? 0)) {
    return waiting("the controller has not seen the change yet");
  }
  const wanted = status("desiredNumberScheduled");
  const slowest = Math.min(
    status("currentNumberScheduled"),
    status("updatedNumberScheduled"),
    status("numberAvailable"),
    status("numberReady"),
  );
  return slowest >= wanted ? ready : waiting(`${slowest} of ${wanted} pods ready`);
}
