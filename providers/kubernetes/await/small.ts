import { equals, isProperties } from "../../runtime/values.ts";
import { numberAt, valueAt } from "../objects.ts";
import { podsBySelector } from "../pods.ts";
import { MINUTES, ready, waiting } from "./readiness.ts";
import type { Awaiter } from "./readiness.ts";

export const replicationController: Awaiter = {
  timeoutMs: 10 * MINUTES,
  pods: podsBySelector,
  begin: () => (live) => {
    const wanted = numberAt(live, ["spec", "replicas"]) ?? 1;
    const available = numberAt(live, ["status", "availableReplicas"]) ?? 0;
    return available === wanted ? ready : waiting(`${available} of ${wanted} pods available`);
  },
};

export const resourceQuota: Awaiter = {
  timeoutMs: MINUTES,
  begin: () => (live) =>
    equals(valueAt(live, ["spec", "hard"]), valueAt(live, ["status", "hard"]))
      ? ready
      : waiting("the quota is not in force yet"),
};

/** Only tokens of service accounts are filled in by a controller; other secrets are as given. */
export const secret: Awaiter = {
  timeoutMs: 5_000,
  begin: () => (live) => {
    if (live["type"] !== "kubernetes.io/service-account-token") return ready;
    const data = live["data"];
    const isFilled = isProperties(data) && Object.keys(data).length > 0;
    return isFilled ? ready : waiting("the token was not issued yet");
  },
};
