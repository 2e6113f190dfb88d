import { HttpMethod } from "@kubernetes/client-node";
import { Client, parseObject } from "./client.ts";
import { Discovery, pathOf } from "./discovery.ts";
import type { ApiResource } from "./discovery.ts";
import type { KubernetesObject, LiveObject } from "./objects.ts";
import { omit, toServer } from "./objects.ts";
import type { ObjectKind } from "./tokens.ts";
import type { Properties } from "../runtime/values.ts";

/**
 * How the kubelet answers, with status 200, when the log that it was asked for has been removed with
 * its container (kubernetes/kubernetes#142258).
 */
const LOG_IS_GONE = "unable to retrieve container logs for ";

/** Where an object is. */
export interface ObjectAddress extends ObjectKind {
  readonly namespace: string | undefined;
  readonly name: string;
}

export interface ApplyOptions {
  /** Who owns the fields that are set. */
  readonly fieldManager: string;
  /** Takes over fields that others own, instead of failing. */
  readonly force: boolean;
  /** Asks what would happen and changes nothing. */
  readonly dryRun?: boolean;
  readonly signal?: AbortSignal;
}

/** The objects of one cluster. */
export class Cluster {
  readonly client: Client;
  readonly discovery: Discovery;

  constructor(client: Client) {
    this.client = client;
    this.discovery = new Discovery(client);
  }

  /** Reads an object; `undefined` if it, its namespace or its kind does not exist. */
  async get(address: ObjectAddress, signal?: AbortSignal): Promise<LiveObject | undefined> {
    const resource = await this.discovery.find(address);
    if (resource === undefined) return undefined;
    const path = pathOf(resource, address.namespace, address.name);
    return asLive(await this.client.get(path, withSignal(signal)));
  }

  /** Server-side apply: creates the object or changes the fields that are named, and only those. */
  async apply(object: KubernetesObject, options: ApplyOptions): Promise<LiveObject> {
    const { resource, name } = await this.locate(object);
    const path = pathOf(resource, object.metadata.namespace, name);
    const text = await this.client.request(HttpMethod.PATCH, path, {
      query: {
        fieldManager: options.fieldManager,
        fieldValidation: "Strict",
        force: options.force,
        dryRun: options.dryRun ? "All" : undefined,
      },
      body: toServer(scoped(object, resource)),
      contentType: "application/apply-patch+yaml",
      ...withSignal(options.signal),
    });
    return expectLive(text);
  }

  /** Asks whether an object could be made as it is. Throws the server's objection. */
  async tryCreate(object: KubernetesObject, signal?: AbortSignal): Promise<void> {
    const { resource } = await this.locate(object);
    await this.client.request(HttpMethod.POST, pathOf(resource, object.metadata.namespace), {
      query: { dryRun: "All" },
      body: toServer(scoped(object, resource)),
      ...withSignal(signal),
    });
  }

  /** Changes parts of an object by JSON Patch operations. */
  async patch(address: ObjectAddress, operations: readonly Properties[]): Promise<void> {
    const { resource } = await this.locate({ ...address, metadata: { name: address.name } });
    await this.client.request(HttpMethod.PATCH, pathOf(resource, address.namespace, address.name), {
      body: operations,
      contentType: "application/json-patch+json",
    });
  }

  /** Asks for the deletion of an object; it may take a while to be gone. */
  async delete(
    address: ObjectAddress,
    propagationPolicy: "Foreground" | "Background" | "Orphan",
    signal?: AbortSignal,
  ): Promise<void> {
    const resource = await this.discovery.find(address);
    if (resource === undefined) return;
    await this.client.request(
      HttpMethod.DELETE,
      pathOf(resource, address.namespace, address.name),
      { body: { propagationPolicy }, ...withSignal(signal) },
    );
  }

  /** Objects of a kind in a namespace, by label selector. */
  async list(
    kind: ObjectKind,
    namespace: string | undefined,
    query: Readonly<Record<string, string>> = {},
  ): Promise<LiveObject[]> {
    const resource = await this.discovery.find(kind);
    if (resource === undefined) return [];
    const items = await this.client.list(pathOf(resource, namespace), { query });
    // Items of a list come without what is the same for all.
    return items.map((item) => ({ ...kind, ...item }) as LiveObject);
  }

  /** The last lines that a container wrote; empty if there is no log. */
  async logTail(
    pod: LiveObject,
    container: string,
    options: { lines: number; previous: boolean },
  ): Promise<string> {
    const path = `/api/v1/namespaces/${pod.metadata.namespace ?? ""}/pods/${pod.metadata.name}/log`;
    try {
      const log = await this.client.request(HttpMethod.GET, path, {
        query: { container, tailLines: options.lines, previous: options.previous },
      });
      return log.startsWith(LOG_IS_GONE) ? "" : log;
    } catch {
      return ""; // The log is an aid to another message: its absence must not hide that.
    }
  }

  private async locate(object: KubernetesObject): Promise<{ resource: ApiResource; name: string }> {
    const resource = await this.discovery.find(object);
    if (resource === undefined) throw new UnknownKind(object);
    return { resource, name: object.metadata.name ?? "" };
  }
}

/** The server has no such kind (yet). */
export class UnknownKind extends Error {
  constructor({ apiVersion, kind }: ObjectKind) {
    super(
      `The cluster knows no ${kind} of ${apiVersion}. ` +
        "Install its custom resource definition first, and let this resource depend on it",
    );
    this.name = "UnknownKind";
  }
}

/** Where an object is, or is to be. */
export function addressOf(object: KubernetesObject): ObjectAddress {
  const { apiVersion, kind, metadata } = object;
  return { apiVersion, kind, namespace: metadata.namespace, name: metadata.name ?? "" };
}

/** A kind that was unknown when the object was checked may turn out to be cluster-wide. */
function scoped(object: KubernetesObject, resource: ApiResource): KubernetesObject {
  if (resource.isNamespaced) return object;
  return { ...object, metadata: omit(object.metadata, ["namespace"]) };
}

function expectLive(text: string): LiveObject {
  const live = asLive(parseObject(text));
  if (live === undefined) throw new Error(`The API server answered without an object: ${text}`);
  return live;
}

function asLive(value: Properties | undefined): LiveObject | undefined {
  return value && "metadata" in value ? (value as LiveObject) : undefined;
}

function withSignal(signal: AbortSignal | undefined): { signal?: AbortSignal } {
  return signal ? { signal } : {};
}
