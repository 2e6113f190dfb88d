import { randomBytes } from "node:crypto";
import { differences } from "../runtime/diff.ts";
import type { Change } from "../runtime/diff.ts";
import { containsUnknown, equals, isWithin, parsePath } from "../runtime/values.ts";
import type { Path } from "../runtime/values.ts";
import { ApiError } from "./client.ts";
import { addressOf } from "./cluster.ts";
import type { Cluster } from "./cluster.ts";
import { itemNames, omit, SERVER_METADATA, valueAt, withoutStringData } from "./objects.ts";
import type { KubernetesObject } from "./objects.ts";

/**
 * Every leaf where the inputs differ. Lists whose items have names are compared by name: adding a
 * container in front is one change, not one for each that moved.
 */
export function compareInputs(old: KubernetesObject, current: KubernetesObject): Change[] {
  return compare(withoutStringData(old), withoutStringData(current), []);
}

function compare(old: unknown, current: unknown, path: Path): Change[] {
  return differences(old, current, path).length === 0
    ? []
    : Array.isArray(old) && Array.isArray(current)
      ? compareLists(old, current, path)
      : isTree(old) && isTree(current)
        ? keysOf(old, current).flatMap((key) => compare(old[key], current[key], [...path, key]))
        : differences(old, current, path);
}

function isTree(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function keysOf(old: object, current: object): string[] {
  return [...new Set([...Object.keys(old), ...Object.keys(current)])].sort();
}

function compareLists(old: readonly unknown[], current: readonly unknown[], path: Path): Change[] {
  const oldNames = itemNames(old);
  const names = itemNames(current);
  if (oldNames === undefined || names === undefined) {
    const length = Math.max(old.length, current.length);
    return Array.from({ length }, (_, index) => index).flatMap((index) =>
      compare(old[index], current[index], [...path, index]),
    );
  }
  const removed = oldNames.flatMap((name, index) =>
    names.includes(name) ? [] : compare(old[index], undefined, [...path, index]),
  );
  const kept = names.flatMap((name, index) =>
    compare(old[oldNames.indexOf(name)], current[index], [...path, index]),
  );
  const changes = [...removed, ...kept];
  // The same items in another order: init containers run in theirs.
  return changes.length > 0 ? changes : [{ path, kind: "update", replace: false }];
}

/**
 * Lets the API server judge changes by a dry run. A change without effect (1000m for 1, a default
 * written out) is dropped; one that the server refuses in place is marked as replacing.
 *
 * @throws ApiError if the object would be invalid even when made anew
 */
export async function judgeByDryRun(
  cluster: Cluster,
  current: KubernetesObject,
  changes: readonly Change[],
  fieldManager: string,
): Promise<readonly Change[]> {
  if (containsUnknown(current)) return changes;
  const live = await cluster.get(addressOf(current));
  if (live === undefined) return changes; // The update will make it again.

  try {
    const result = await cluster.apply(current, { fieldManager, force: true, dryRun: true });
    const effective = changes.filter(
      ({ path }) => !equals(valueAt(live, path) ?? null, valueAt(result, path) ?? null),
    );
    // Positions in lists may differ between inputs and object: never hide a real change for that.
    if (effective.length > 0) return effective;
    return equals(substance(live), substance(result)) ? [] : changes;
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    if (!error.isInvalidObject) return changes; // The update will tell.
    await proveValid(cluster, current);
    return markReplacing(changes, error);
  }
}

/** An object without what the API server counts and notes on every write. */
function substance(object: KubernetesObject): unknown {
  return omit({ ...object, metadata: omit(object.metadata, SERVER_METADATA) }, ["status"]);
}

/**
 * A refused change can mean an immutable field or a mistake. It was a mistake if the server would
 * not make such an object anew either.
 */
async function proveValid(cluster: Cluster, object: KubernetesObject): Promise<void> {
  const base = (object.metadata.name ?? "").slice(0, 50);
  const name = `${base}-${randomBytes(4).toString("hex")}`;
  try {
    await cluster.tryCreate({ ...object, metadata: { ...object.metadata, name } });
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    // The port of the object that is to be replaced is taken, of course.
    if (error.isInvalidObject && !error.message.includes("already allocated")) throw error;
  }
}

function markReplacing(changes: readonly Change[], error: ApiError): readonly Change[] {
  const fields = error.causes.flatMap(({ field }) => (field ? [parsePath(field)] : []));
  const marked = changes.map((change) => ({
    ...change,
    replace: fields.some((field) => isWithin(change.path, field) || isWithin(field, change.path)),
  }));
  return marked.some(({ replace }) => replace)
    ? marked
    : changes.map((change) => ({ ...change, replace: true }));
}
