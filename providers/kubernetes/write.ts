import { setTimeout as sleep } from "node:timers/promises";
import { parsePath } from "../runtime/values.ts";
import { ApiError } from "./client.ts";
import { addressOf, UnknownKind } from "./cluster.ts";
import type { Cluster } from "./cluster.ts";
import { untilGone } from "./delete.ts";
import type { Waiting } from "./delete.ts";
import { valueAt, withValueAt } from "./objects.ts";
import type { KubernetesObject, LiveObject } from "./objects.ts";
import {
  alreadyExists,
  explainRefusal,
  isAppliedBy,
  takeOverClientSideFields,
} from "./ownership.ts";

/** How long a create waits for the object's kind or namespace, which may be just on their way. */
const PREREQUISITE_TIMEOUT_MS = 30_000;
const POLL_MS = 500;

export interface WriteOptions extends Waiting {
  /** Who owns the fields that are set. */
  readonly fieldManager: string;
  /** Takes over fields that others own, instead of failing. */
  readonly force: boolean;
}

/**
 * Makes an object. One that exists already is an error, unless an interrupted run of the same
 * resource made it: then it is taken up.
 */
export async function createObject(
  cluster: Cluster,
  object: KubernetesObject,
  options: WriteOptions & { readonly upsert: boolean },
): Promise<LiveObject> {
  const existing = await goneOrStaying(cluster, object, options);
  if (existing && !options.upsert && !isAppliedBy(existing, options.fieldManager)) {
    throw alreadyExists(object);
  }
  return oncePrerequisitesExist(() => applyExplained(cluster, object, options), options);
}

/** Changes an object, or makes it again if somebody has deleted it. */
export async function updateObject(
  cluster: Cluster,
  object: KubernetesObject,
  options: WriteOptions & { readonly ignoreChanges: readonly string[] },
): Promise<LiveObject> {
  const existing = await goneOrStaying(cluster, object, options);
  if (existing === undefined) return applyExplained(cluster, object, options);
  await takeOverClientSideFields(cluster, existing, options.fieldManager);
  return applyExplained(cluster, keepIgnored(object, existing, options.ignoreChanges), options);
}

/** What an object would be, as far as the server can tell; `undefined` if it cannot. */
export async function dryRunCreate(
  cluster: Cluster,
  object: KubernetesObject,
  fieldManager: string,
): Promise<LiveObject | undefined> {
  // One that is to be replaced is in the way.
  if ((await cluster.get(addressOf(object))) !== undefined) return undefined;
  try {
    return await cluster.apply(object, { fieldManager, force: true, dryRun: true });
  } catch (error) {
    // Its namespace or kind is only made by the update, or its port is only freed by it.
    if (error instanceof UnknownKind) return undefined;
    const isInvalid = error instanceof ApiError && error.isInvalidObject;
    if (!isInvalid || error.message.includes("already allocated")) return undefined;
    throw explainRefusal(error, object);
  }
}

/** The object, unless it does not exist or is being deleted: then it is waited for to be gone. */
async function goneOrStaying(
  cluster: Cluster,
  object: KubernetesObject,
  waiting: Waiting,
): Promise<LiveObject | undefined> {
  const existing = await cluster.get(addressOf(object), waiting.signal);
  if (existing?.metadata["deletionTimestamp"] === undefined) return existing;
  await untilGone(cluster, object, waiting);
  return cluster.get(addressOf(object), waiting.signal);
}

async function applyExplained(
  cluster: Cluster,
  object: KubernetesObject,
  { fieldManager, force, signal }: WriteOptions,
): Promise<LiveObject> {
  try {
    return await cluster.apply(object, { fieldManager, force, signal });
  } catch (error) {
    throw explainRefusal(error, object);
  }
}

async function oncePrerequisitesExist(
  apply: () => Promise<LiveObject>,
  { signal, status }: Waiting,
): Promise<LiveObject> {
  const deadline = Date.now() + PREREQUISITE_TIMEOUT_MS;
  for (;;) {
    try {
      return await apply();
    } catch (error) {
      if (!isMissingPrerequisite(error) || Date.now() >= deadline) throw error;
      status(error.message);
      await sleep(POLL_MS, undefined, { signal });
    }
  }
}

function isMissingPrerequisite(error: unknown): error is Error {
  if (error instanceof UnknownKind) return true;
  return error instanceof Error && error.cause instanceof ApiError && error.cause.code === 404;
}

/** Ignored fields keep the value they have in the cluster: somebody else may have set them. */
function keepIgnored(
  object: KubernetesObject,
  live: LiveObject,
  ignoreChanges: readonly string[],
): KubernetesObject {
  return ignoreChanges.reduce<KubernetesObject>((kept, text) => {
    const path = parsePath(text);
    const value = valueAt(live, path);
    return value === undefined ? kept : (withValueAt(kept, path, value) as KubernetesObject);
  }, object);
}
