import { equals, isProperties } from "../runtime/values.ts";
import type { Path, Properties } from "../runtime/values.ts";

/** Any Kubernetes object: what all have in common, and the rest as plain data. */
export interface KubernetesObject extends Properties {
  apiVersion: string;
  kind: string;
  metadata: ObjectMetadata;
}

export interface ObjectMetadata extends Properties {
  name?: string | undefined;
  namespace?: string | undefined;
  annotations?: Record<string, string> | undefined;
  labels?: Record<string, string> | undefined;
}

/** A live object, as the API server returns it: always named. */
export interface LiveObject extends KubernetesObject {
  metadata: ObjectMetadata & { name: string; uid: string };
}

/** Annotations by which a program steers the provider. */
export const annotation = {
  autonamed: "pulumi.com/autonamed",
  deletionPropagation: "pulumi.com/deletionPropagationPolicy",
  fieldManager: "pulumi.com/patchFieldManager",
  patchForce: "pulumi.com/patchForce",
  replaceUnready: "pulumi.com/replaceUnready",
  skipAwait: "pulumi.com/skipAwait",
  timeoutSeconds: "pulumi.com/timeoutSeconds",
  waitFor: "pulumi.com/waitFor",
} as const;

export function annotationOf(object: KubernetesObject, name: string): string | undefined {
  return object.metadata.annotations?.[name];
}

export function hasTrueAnnotation(object: KubernetesObject, name: string): boolean {
  return annotationOf(object, name) === "true";
}

/** `namespace/name`, or the name alone for cluster-wide objects: the resource's id. */
export function idOf({ metadata }: KubernetesObject): string {
  const name = metadata.name ?? "";
  return metadata.namespace === undefined ? name : `${metadata.namespace}/${name}`;
}

/** The reverse of `idOf`. */
export function parseId(id: string): { namespace: string | undefined; name: string } {
  const [first = "", ...rest] = id.split("/");
  return rest.length === 0
    ? { namespace: undefined, name: first }
    : { namespace: first, name: rest.join("/") };
}

/** `Deployment lakehouse/producer`, for messages. */
export function describeObject(object: KubernetesObject): string {
  return `${object.kind} ${idOf(object)}`;
}

/** The value at a path, or `undefined`. */
export function valueAt(tree: unknown, path: Path): unknown {
  return path.reduce<unknown>((value, part) => {
    if (Array.isArray(value)) return typeof part === "number" ? value[part] : undefined;
    return isProperties(value) ? value[part] : undefined;
  }, tree);
}

/** A copy of the tree with the value at the path set; objects on the way are made. */
export function withValueAt(tree: Properties, path: Path, value: unknown): Properties {
  const copy = structuredClone(tree);
  let parent: unknown = copy;
  for (const [index, part] of path.entries()) {
    if (!isProperties(parent) && !Array.isArray(parent)) return copy;
    const container = parent as Properties;
    if (index === path.length - 1) container[part] = value;
    else parent = container[part] ??= {};
  }
  return copy;
}

/** The items of a list that may be missing. */
export function listAt(tree: unknown, path: Path): Properties[] {
  const value = valueAt(tree, path);
  return Array.isArray(value) ? value.filter(isProperties) : [];
}

export function textAt(tree: unknown, path: Path): string | undefined {
  const value = valueAt(tree, path);
  return typeof value === "string" ? value : undefined;
}

export function numberAt(tree: unknown, path: Path): number | undefined {
  const value = valueAt(tree, path);
  return typeof value === "number" ? value : undefined;
}

/** The entry of `status.conditions` of a type. */
export function conditionOf(object: Properties, type: string): Properties | undefined {
  return listAt(object, ["status", "conditions"]).find((condition) => condition["type"] === type);
}

export function isConditionTrue(object: Properties, type: string): boolean {
  return conditionOf(object, type)?.["status"] === "True";
}

/**
 * The name that identifies each item of a list, if all have a distinct one: such lists (containers,
 * variables, volumes) are merged by name, not by position.
 */
export function itemNames(list: readonly unknown[]): string[] | undefined {
  const names = list.map((item) => (isProperties(item) ? item["name"] : undefined));
  const texts = names.filter((name) => typeof name === "string");
  return texts.length === list.length && new Set(texts).size === list.length ? texts : undefined;
}

/**
 * Secrets are written as `stringData` and read back as `data`. Bringing all of it to `data` makes
 * both comparable and lets server-side apply own what it sets.
 */
export function withoutStringData(object: KubernetesObject): KubernetesObject {
  const { apiVersion, kind, metadata, data, stringData } = object;
  if (kind !== "Secret" || apiVersion !== "v1" || !isProperties(stringData)) return object;
  const encoded = Object.entries(stringData).map(([key, text]) => [
    key,
    typeof text === "string" ? Buffer.from(text).toString("base64") : text,
  ]);
  return {
    ...omit(object, ["stringData"]),
    apiVersion,
    kind,
    metadata,
    data: { ...(isProperties(data) ? data : {}), ...(Object.fromEntries(encoded) as Properties) },
  };
}

/**
 * JSON Schema extensions of custom resource definitions are spelled with underscores in programs,
 * because TypeScript property names come without quotes and dashes.
 */
const SCHEMA_EXTENSIONS = [
  "x-kubernetes-embedded-resource",
  "x-kubernetes-int-or-string",
  "x-kubernetes-list-map-keys",
  "x-kubernetes-list-type",
  "x-kubernetes-map-type",
  "x-kubernetes-preserve-unknown-fields",
  "x-kubernetes-validations",
];
const dashed = new Map(SCHEMA_EXTENSIONS.map((name) => [name.replaceAll("-", "_"), name]));
const underscored = new Map(SCHEMA_EXTENSIONS.map((name) => [name, name.replaceAll("-", "_")]));

function renameKeys(value: unknown, names: ReadonlyMap<string, string>): unknown {
  if (Array.isArray(value)) return value.map((item) => renameKeys(item, names));
  if (!isProperties(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [names.get(key) ?? key, renameKeys(item, names)]),
  );
}

/** What the API server understands, from what a program says. */
export function toServer(object: KubernetesObject): KubernetesObject {
  return renameKeys(withoutStringData(object), dashed) as KubernetesObject;
}

/** What programs read, from what the API server returns. */
export function fromServer(object: LiveObject): LiveObject {
  return renameKeys(object, underscored) as LiveObject;
}

/**
 * The part of a live object that the inputs speak of, in the shape of the inputs: what a refresh
 * records as inputs, so that a change made by others shows in the next preview.
 */
export function pruneToShape(live: unknown, shape: unknown): unknown {
  if (Array.isArray(live) && Array.isArray(shape)) return pruneList(live, shape);
  if (!isProperties(live) || !isProperties(shape)) return live;
  return Object.fromEntries(
    Object.entries(shape)
      .filter(([key]) => live[key] !== undefined)
      .map(([key, part]) => [key, pruneToShape(live[key], part)]),
  );
}

function pruneList(live: readonly unknown[], shape: readonly unknown[]): unknown[] {
  const names = itemNames(shape);
  const liveNames = itemNames(live);
  if (names === undefined || liveNames === undefined) {
    return live.map((item, index) => pruneToShape(item, shape[index] ?? item));
  }
  // What is named in the inputs comes first, in their order; then what others have added.
  const known = names.filter((name) => liveNames.includes(name));
  const added = liveNames.filter((name) => !names.includes(name));
  return [...known, ...added].map((name) => {
    const item = live[liveNames.indexOf(name)];
    return pruneToShape(item, shape[names.indexOf(name)] ?? item);
  });
}

/** What a refresh records as inputs of an object that the program has described. */
export function liveInputs(live: LiveObject, inputs: KubernetesObject): KubernetesObject {
  const shaped = pruneToShape(withStringData(live, inputs), inputs) as KubernetesObject;
  // An annotation or label that others add is theirs; pruning has left it out already.
  return equals(shaped, inputs) ? inputs : shaped;
}

/** A live Secret in the form of the inputs: those given as text come back as text. */
function withStringData(live: LiveObject, inputs: KubernetesObject): KubernetesObject {
  const { stringData } = inputs;
  const { data } = live;
  if (live.kind !== "Secret" || !isProperties(stringData)) return live;
  const texts = Object.keys(stringData)
    .map((key) => [key, isProperties(data) ? data[key] : undefined] as const)
    .filter((entry): entry is readonly [string, string] => typeof entry[1] === "string")
    .map(([key, encoded]) => [key, Buffer.from(encoded, "base64").toString()]);
  return { ...live, stringData: Object.fromEntries(texts) as Properties };
}

/** Fields of the metadata that the API server fills in. */
export const SERVER_METADATA = [
  "creationTimestamp",
  "deletionGracePeriodSeconds",
  "deletionTimestamp",
  "generation",
  "managedFields",
  "resourceVersion",
  "selfLink",
  "uid",
];

/** A copy of an object without some of its keys. */
export function omit(object: Properties, keys: readonly string[]): Properties {
  return Object.fromEntries(Object.entries(object).filter(([key]) => !keys.includes(key)));
}

/** What an import records as inputs: the object less what the API server fills in. */
export function importedInputs(live: LiveObject): KubernetesObject {
  const { apiVersion, kind } = live;
  const metadata = omit(live.metadata, SERVER_METADATA) as ObjectMetadata;
  return { ...omit(live, ["status"]), apiVersion, kind, metadata };
}
