import { isProperties, markSecrets, UNKNOWN } from "../runtime/values.ts";
import type { Path, Properties } from "../runtime/values.ts";
import { fromServer, omit, SERVER_METADATA } from "./objects.ts";
import type { KubernetesObject, LiveObject } from "./objects.ts";

/** Where the recorded state keeps the name under which fields are owned. */
export const FIELD_MANAGER_KEY = "__fieldManager";

/**
 * The recorded state: the live object, and what the official plugin keeps beside it and needs to take
 * over. `managedFields` is left out: it is long, changes all the time and no program reads it.
 */
export function outputsOf(
  live: LiveObject,
  inputs: KubernetesObject,
  fieldManager: string,
  secretPaths: readonly Path[],
): Properties {
  const object = fromServer(live);
  const isSecret = object.kind === "Secret" && object.apiVersion === "v1";
  const secrets = isSecret ? [...secretPaths, ["data"], ["stringData"]] : secretPaths;
  return {
    ...object,
    metadata: omit(object.metadata, ["managedFields"]),
    __inputs: markSecrets(inputs, secrets),
    __initialApiVersion: inputs.apiVersion,
    [FIELD_MANAGER_KEY]: fieldManager,
  };
}

/** What a dry run shows of an object, less what the real one will have otherwise. */
export function previewOutputs(dryRun: LiveObject, inputs: KubernetesObject): Properties {
  const object = fromServer(dryRun);
  const metadata = omit(object.metadata, SERVER_METADATA);
  return {
    ...omit(object, ["status"]),
    metadata: {
      ...metadata,
      uid: UNKNOWN,
      creationTimestamp: UNKNOWN,
      generation: UNKNOWN,
      resourceVersion: UNKNOWN,
    },
    ...(object.kind === "Service" ? { spec: withoutAllocations(object, inputs) } : {}),
  };
}

/** Addresses and ports that a dry run allocates are not those of the real service. */
function withoutAllocations(object: LiveObject, inputs: KubernetesObject): unknown {
  const { spec } = object;
  const given = inputs["spec"];
  if (!isProperties(spec) || !isProperties(given)) return spec;
  const allocated = ["clusterIP", "clusterIPs", "healthCheckNodePort"].filter(
    (key) => spec[key] !== undefined && given[key] === undefined,
  );
  return {
    ...spec,
    ...Object.fromEntries(allocated.map((key) => [key, UNKNOWN])),
    ports: given["ports"] ?? [],
  };
}
