import { isProperties } from "../runtime/values.ts";
import type { Properties } from "../runtime/values.ts";
import { ApiError } from "./client.ts";
import { addressOf } from "./cluster.ts";
import type { Cluster } from "./cluster.ts";
import { describeObject, listAt } from "./objects.ts";
import type { KubernetesObject, LiveObject } from "./objects.ts";

/**
 * Names under which the official plugin, and `kubectl apply`, write without server-side apply. Their
 * fields are taken over by the first update, or a field removed from the program would stay.
 */
const CLIENT_SIDE_MANAGERS = new Set([
  "pulumi-kubernetes",
  "pulumi-resource-kubernetes",
  "kubectl",
  "kubectl-client-side-apply",
  "before-first-apply",
]);

/** Whether the object was applied under this manager name: an earlier run of ours made it. */
export function isAppliedBy(live: LiveObject, fieldManager: string): boolean {
  return listAt(live, ["metadata", "managedFields"]).some(
    (entry) => entry["manager"] === fieldManager && entry["operation"] === "Apply",
  );
}

/** Makes the fields that client-side writers own ours. */
export async function takeOverClientSideFields(
  cluster: Cluster,
  live: LiveObject,
  fieldManager: string,
): Promise<void> {
  const entries = listAt(live, ["metadata", "managedFields"]);
  const merged = mergeManagers(entries, fieldManager);
  if (merged === undefined) return;
  await cluster.patch(addressOf(live), [
    // Fails if somebody wrote in between; the next update then takes over.
    { op: "test", path: "/metadata/resourceVersion", value: live.metadata["resourceVersion"] },
    { op: "replace", path: "/metadata/managedFields", value: merged },
  ]);
}

/** Entries with those of client-side writers merged into ours; `undefined` if there are none. */
export function mergeManagers(
  entries: readonly Properties[],
  fieldManager: string,
): Properties[] | undefined {
  const isTaken = (entry: Properties) =>
    entry["operation"] === "Update" &&
    entry["subresource"] === undefined &&
    CLIENT_SIDE_MANAGERS.has(String(entry["manager"]));
  const isOurs = (entry: Properties) =>
    entry["operation"] === "Apply" && entry["manager"] === fieldManager;

  const taken = entries.filter(isTaken);
  const [first] = taken;
  if (first === undefined) return undefined;
  const fields = [...entries.filter(isOurs), ...taken].map((entry) => entry["fieldsV1"]);
  const ours = {
    ...first,
    manager: fieldManager,
    operation: "Apply",
    fieldsV1: fields.reduce(mergeFields, {}),
  };
  return [...entries.filter((entry) => !isTaken(entry) && !isOurs(entry)), ours];
}

function mergeFields(left: unknown, right: unknown): unknown {
  if (!isProperties(left) || !isProperties(right)) return right ?? left;
  const keys = [...new Set([...Object.keys(left), ...Object.keys(right)])];
  return Object.fromEntries(keys.map((key) => [key, mergeFields(left[key], right[key])]));
}

/** Explains why the API server would not write an object, with a cure where there is one. */
export function explainRefusal(error: unknown, object: KubernetesObject): unknown {
  if (!(error instanceof ApiError)) return error;
  const what = describeObject(object);
  if (error.code === 409 && error.causes.some(({ reason }) => reason === "FieldManagerConflict")) {
    return new Error(
      `${what}: ${error.message}. Another program owns these fields. Leave them to it ` +
        `(remove them here, or list them in ignoreChanges), or take them over with the annotation ` +
        `pulumi.com/patchForce: "true"`,
      { cause: error },
    );
  }
  return new Error(`${what}: ${error.message}`, { cause: error });
}

/** An object that is in the way of a create. */
export function alreadyExists(object: KubernetesObject): Error {
  return new Error(
    `${describeObject(object)} already exists and this stack did not make it. Delete it, bring it ` +
      "into the stack with `pulumi import`, or give this resource another metadata.name",
  );
}
