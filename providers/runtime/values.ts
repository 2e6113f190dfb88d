import { isDeepStrictEqual } from "node:util";

/** Plain property values by name. */
export type Properties = Record<string, unknown>;

/** Where a value sits in a tree of properties. */
export type Path = readonly (string | number)[];

/** A value that is known only after the update. Appears in previews alone. */
export const UNKNOWN: unique symbol = Symbol("unknown until the update");

export function isUnknown(value: unknown): value is typeof UNKNOWN {
  return value === UNKNOWN;
}

/** True if the value is unknown or has an unknown anywhere inside. */
export function containsUnknown(value: unknown): boolean {
  if (isUnknown(value)) return true;
  if (Array.isArray(value)) return value.some(containsUnknown);
  return isProperties(value) && Object.values(value).some(containsUnknown);
}

/** True for plain objects; not for lists, nor for the classes of this module. */
export function isProperties(value: unknown): value is Properties {
  if (typeof value !== "object" || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** A file or text given as `pulumi.asset.FileAsset` or `StringAsset`. */
export class Asset {
  /** As it came, to be sent back unchanged. */
  readonly wire: Properties;

  constructor(wire: Properties) {
    this.wire = wire;
  }

  get path(): string | undefined {
    return typeof this.wire["path"] === "string" ? this.wire["path"] : undefined;
  }

  get text(): string | undefined {
    return typeof this.wire["text"] === "string" ? this.wire["text"] : undefined;
  }
}

/** A value that must be stored encrypted wherever it appears in the outputs. */
export class Secret {
  readonly value: unknown;

  constructor(value: unknown) {
    this.value = value;
  }
}

/** Marks an output, or any part of one, as secret. */
export function secret(value: unknown): Secret {
  return new Secret(value);
}

/** Marks what sits at the paths as secret, in a copy of the tree. */
export function markSecrets(value: unknown, paths: readonly Path[]): unknown {
  if (paths.length === 0) return value;
  if (paths.some((path) => path.length === 0)) return secret(value);
  if (Array.isArray(value)) {
    return value.map((item, index) => markSecrets(item, within(paths, index)));
  }
  if (!isProperties(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, markSecrets(item, within(paths, key))]),
  );
}

// The signatures of Pulumi's wire format, as sdk/nodejs/runtime/rpc.ts defines them.
const SIGNATURE_KEY = "4dabf18193072939515e22adb298388d";
const ASSET_SIGNATURE = "c44067f5952c0a294b673a41bacd8c17";
const SECRET_SIGNATURE = "1b47061264138c4ac30d75fd1eb44270";
const OUTPUT_SIGNATURE = "d0e6a833031e9bbcd3f4e8bde6ca49a4";
const RESOURCE_SIGNATURE = "5cf8f73096256a8f31e491e813e4eb8e";
const UNKNOWN_SENTINELS = new Set([
  "04da6b54-80e4-46f7-96ec-b56ff0331ba9", // string, and the one we send
  "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7", // bool
  "3eeb2bf0-c639-47a8-9e75-3b44932eb421", // number
  "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2", // array
  "030794c1-ac77-496b-92df-f27374a8bd58", // asset
  "e48ece36-62e2-4504-bad9-02848725956a", // archive
  "dd056dcd-154b-4c76-9bd3-c8f88648b5ff", // object
]);
const UNKNOWN_SENTINEL = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

/** Where the official bridged plugins note which inputs they defaulted; no input itself. */
const BRIDGE_DEFAULTS = "__defaults";

/** Properties without wrappers, and where the secret ones among them sit. */
export interface Decoded {
  readonly values: Properties;
  readonly secrets: readonly Path[];
}

/** Reads properties as the engine sends them. Archives are refused. */
export function decode(wire: Properties): Decoded {
  const secrets: Path[] = [];
  const values = decodeValue(wire, [], secrets);
  return { values: isProperties(values) ? values : {}, secrets };
}

function decodeValue(wire: unknown, path: Path, secrets: Path[]): unknown {
  if (typeof wire === "string") return UNKNOWN_SENTINELS.has(wire) ? UNKNOWN : wire;
  if (Array.isArray(wire)) {
    return wire.map((item, index) => decodeValue(item, [...path, index], secrets));
  }
  if (!isProperties(wire)) return wire;

  switch (wire[SIGNATURE_KEY]) {
    case undefined:
      return Object.fromEntries(
        Object.entries(wire)
          .filter(([key]) => key !== BRIDGE_DEFAULTS)
          .map(([key, value]) => [key, decodeValue(value, [...path, key], secrets)]),
      );
    case SECRET_SIGNATURE:
      secrets.push(path);
      return decodeValue(wire["value"], path, secrets);
    case OUTPUT_SIGNATURE:
      if (wire["secret"] === true) secrets.push(path);
      return "value" in wire ? decodeValue(wire["value"], path, secrets) : UNKNOWN;
    case RESOURCE_SIGNATURE:
      return decodeValue(wire["id"] ?? wire["urn"], path, secrets);
    case ASSET_SIGNATURE:
      return new Asset(wire);
    default:
      throw new Error(`${formatPath(path)} is an archive, which is not covered here`);
  }
}

/** Writes properties as the engine reads them, those at `secrets` wrapped as secret. */
export function encode(values: Properties, secrets: readonly Path[]): Properties {
  return encodeValue(values, secrets) as Properties;
}

function encodeValue(value: unknown, secrets: readonly Path[]): unknown {
  if (value instanceof Secret) return wrapSecret(encodeValue(value.value, []));
  if (secrets.some((path) => path.length === 0)) return wrapSecret(encodeValue(value, []));
  if (isUnknown(value)) return UNKNOWN_SENTINEL;
  if (value instanceof Asset) return value.wire;
  if (Array.isArray(value)) {
    return value.map((item, index) => encodeValue(item, within(secrets, index)));
  }
  if (value instanceof Date) return value.toISOString();
  if (typeof value !== "object" || value === null) return value ?? null;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, item]) => item !== undefined)
      .map(([key, item]) => [key, encodeValue(item, within(secrets, key))]),
  );
}

function within(paths: readonly Path[], key: string | number): readonly Path[] {
  return paths.filter(([head]) => head === key).map((path) => path.slice(1));
}

function wrapSecret(value: unknown): Properties {
  return { [SIGNATURE_KEY]: SECRET_SIGNATURE, value };
}

/** A path as Pulumi prints it: `spec.containers[0].image`, `labels["app.kubernetes.io/name"]`. */
export function formatPath(path: Path): string {
  return path.reduce<string>((text, part) => {
    if (typeof part === "number") return `${text}[${part}]`;
    if (!/^[\w$-]+$/.test(part)) return `${text}[${JSON.stringify(part)}]`;
    return text === "" ? part : `${text}.${part}`;
  }, "");
}

/** The reverse of `formatPath`. */
export function parsePath(text: string): Path {
  const parts: (string | number)[] = [];
  for (const match of text.matchAll(/\[(\d+|\*)\]|\["((?:[^"\\]|\\.)*)"\]|([^.[\]]+)/g)) {
    const [, index, quoted, plain] = match;
    if (index !== undefined) parts.push(index === "*" ? "*" : Number(index));
    else if (quoted !== undefined) parts.push(JSON.parse(`"${quoted}"`) as string);
    else if (plain !== undefined) parts.push(plain);
  }
  return parts;
}

/** True if `path` is at or below `ancestor`, whose `*` stands for any key. */
export function isWithin(path: Path, ancestor: Path): boolean {
  return (
    path.length >= ancestor.length &&
    ancestor.every((part, index) => part === "*" || part === path[index])
  );
}

/** Deep equality of two property values. An unknown equals nothing. */
export function equals(left: unknown, right: unknown): boolean {
  return !containsUnknown(left) && !containsUnknown(right) && isDeepStrictEqual(left, right);
}
