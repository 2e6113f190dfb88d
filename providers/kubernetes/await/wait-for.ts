import { JSONPath } from "jsonpath-plus";
import { annotation, annotationOf, conditionOf, numberAt, textAt } from "../objects.ts";
import type { KubernetesObject, LiveObject } from "../objects.ts";
import { MINUTES, ready, waiting } from "./readiness.ts";
import type { Awaiter, Look } from "./readiness.ts";
import { isSparkApplication, sparkErrorMessage, sparkPods } from "./spark-application.ts";

/**
 * The awaiter that the annotation `pulumi.com/waitFor` asks for, or `undefined` without it. Its value
 * is `condition=Ready`, `jsonpath={.status.phase}=Bound`, or a JSON list of such texts.
 */
export function customAwaiter(object: KubernetesObject): Awaiter | undefined {
  const text = annotationOf(object, annotation.waitFor);
  if (text === undefined || text === "") return undefined;
  const looks = readExpressions(text).map(parseExpression);
  return {
    timeoutMs: 10 * MINUTES,
    begin: () => async (live, cluster) => {
      // A status of before the change says nothing.
      const observed = numberAt(live, ["status", "observedGeneration"]);
      if (observed !== undefined && observed < (numberAt(live, ["metadata", "generation"]) ?? 0)) {
        return waiting("the controller has not seen the change yet");
      }
      for (const look of looks) {
        const readiness = await look(live, cluster);
        if (readiness.state === "waiting") return waiting(withDetail(readiness.message, live));
      }
      return ready;
    },
    // What a custom resource runs is only known of the kinds that we know.
    pods: (live, cluster) =>
      isSparkApplication(live) ? sparkPods(live, cluster) : Promise.resolve([]),
  };
}

function withDetail(message: string, live: LiveObject): string {
  const detail = isSparkApplication(live) ? sparkErrorMessage(live) : undefined;
  return detail === undefined ? message : `${message} (${detail})`;
}

function readExpressions(text: string): string[] {
  if (!text.trimStart().startsWith("[")) return [text];
  const list: unknown = JSON.parse(text);
  if (Array.isArray(list) && list.length > 0 && list.every((item) => typeof item === "string")) {
    return list;
  }
  throw new Error(`${annotation.waitFor}: ${text} is not a list of expressions`);
}

function parseExpression(text: string): Look {
  if (text.startsWith("condition=")) return parseCondition(text.slice("condition=".length));
  if (text.startsWith("jsonpath=")) return parseJsonPath(text.slice("jsonpath=".length));
  throw new Error(
    `${annotation.waitFor}: "${text}" must begin with condition= or jsonpath=, ` +
      "as in condition=Ready or jsonpath={.status.phase}=Bound",
  );
}

function parseCondition(text: string): Look {
  const [type = "", status = "True"] = text.split("=");
  return (live) => {
    const condition = conditionOf(live, type);
    const found = textAt(condition, ["status"]) ?? "not set";
    if (found.toLowerCase() === status.toLowerCase()) return ready;
    const message = textAt(condition, ["message"]);
    return waiting(`condition ${type} is ${found}, not ${status}${message ? ` (${message})` : ""}`);
  };
}

function parseJsonPath(text: string): Look {
  const match = /^\{\s*(?<path>.+?)\s*\}(?:=(?<wanted>.+))?$/.exec(text);
  const { path = "", wanted } = match?.groups ?? {};
  if (path === "") {
    throw new Error(`${annotation.waitFor}: ${text} must be like {.status.phase}=Bound`);
  }
  const query = path.startsWith("$") ? path : `$${path}`;
  return (live: LiveObject) => {
    // "safe" evaluates filters without running them as JavaScript.
    const found: unknown[] = JSONPath({ path: query, json: live, eval: "safe", wrap: true });
    const [first] = found;
    if (first === undefined) return waiting(`${path} is not set`);
    const value = typeof first === "string" ? first : JSON.stringify(first);
    return wanted === undefined || value === wanted
      ? ready
      : waiting(`${path} is ${value}, not ${wanted}`);
  };
}
