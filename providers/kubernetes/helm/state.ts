import { parseAllDocuments } from "yaml";
import { isProperties } from "../../runtime/values.ts";
import type { Properties } from "../../runtime/values.ts";
import { parseObject } from "../client.ts";
import { numberAt, textAt } from "../objects.ts";
import type { KubernetesContext } from "../settings.ts";
import { helm, HelmError } from "./command.ts";

/** Label on helm's own record of a release: which resource of which stack made it. */
const OWNER_LABEL = "pulumi-manager";

/** A release as helm knows it. */
export interface ReleaseState {
  readonly revision: number;
  /** `deployed`, `failed`, `pending-install`, `pending-upgrade`, ... */
  readonly status: string;
  readonly chart: string;
  readonly version: string;
  readonly appVersion: string;
  readonly values: Properties;
  readonly manifest: string;
}

/** Where a release is. */
export interface ReleaseAddress {
  readonly name: string;
  readonly namespace: string;
}

/** Reads a release; `undefined` if there is none of this name. */
export async function readRelease(
  context: KubernetesContext,
  { name, namespace }: ReleaseAddress,
): Promise<ReleaseState | undefined> {
  try {
    const query = ["status", name, "--output", "json"];
    const status = parseObject(await helm(context, query, { namespace }));
    const metadata = parseObject(
      await helm(context, ["get", "metadata", name, "--output", "json"], { namespace }),
    );
    return {
      revision: numberAt(status, ["version"]) ?? 0,
      status: textAt(status, ["info", "status"]) ?? "unknown",
      chart: textAt(metadata, ["chart"]) ?? "",
      version: textAt(metadata, ["version"]) ?? "",
      appVersion: textAt(metadata, ["appVersion"]) ?? "",
      values: isProperties(status["config"]) ? status["config"] : {},
      manifest: textAt(status, ["manifest"]) ?? "",
    };
  } catch (error) {
    if (error instanceof HelmError && error.isNotFound) return undefined;
    throw error;
  }
}

/** The argument that marks a release as made by a resource. */
export function ownerArguments(owner: string): string[] {
  return ["--labels", `${OWNER_LABEL}=${owner}`];
}

/** Whether a release was made by this resource of this stack. */
export async function isOwned(
  context: KubernetesContext,
  { name, namespace }: ReleaseAddress,
  owner: string,
): Promise<boolean> {
  const args = ["list", "--all", "--output", "json", "--selector", `${OWNER_LABEL}=${owner}`];
  const releases: unknown = JSON.parse(await helm(context, args, { namespace }));
  return Array.isArray(releases) && releases.some((release) => textAt(release, ["name"]) === name);
}

/**
 * Names of a release's objects by kind, as the official plugin gives them:
 * `{"Deployment.apps/apps/v1": ["lakehouse/operator"]}`.
 */
export function resourceNames(manifest: string): Record<string, string[]> {
  const names: Record<string, string[]> = {};
  for (const document of parseAllDocuments(manifest)) {
    const object: unknown = document.toJS();
    const kind = textAt(object, ["kind"]);
    const name = textAt(object, ["metadata", "name"]);
    if (kind === undefined || name === undefined) continue;
    const apiVersion = textAt(object, ["apiVersion"]) ?? "v1";
    const [group] = apiVersion.includes("/") ? apiVersion.split("/") : [];
    const key = `${group === undefined ? kind : `${kind}.${group}`}/${apiVersion}`;
    const namespace = textAt(object, ["metadata", "namespace"]);
    (names[key] ??= []).push(namespace === undefined ? name : `${namespace}/${name}`);
  }
  return names;
}
