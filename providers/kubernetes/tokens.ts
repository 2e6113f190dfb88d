/** Kind of object that a resource type's token stands for. */
export interface ObjectKind {
  readonly apiVersion: string;
  readonly kind: string;
}

export const HELM_RELEASE_TOKEN = "kubernetes:helm.sh/v3:Release";

/** Groups of the package that are components or helpers of the official plugin, not API groups. */
const COMPONENT_GROUPS = new Set(["helm.sh", "yaml", "kustomize"]);

/**
 * Reads `kubernetes:apps/v1:Deployment`. Returns `undefined` for what this stand-in leaves to the
 * official plugin: components (charts, YAML files), `*Patch` and `*List` resources.
 */
export function parseToken(token: string): ObjectKind | undefined {
  const match = /^kubernetes:(?<group>[^/:]+)\/(?<version>[^:]+):(?<kind>\w+)$/.exec(token);
  const { group, version, kind } = match?.groups ?? {};
  if (group === undefined || version === undefined || kind === undefined) return undefined;
  if (COMPONENT_GROUPS.has(group) || /(?:Patch|List)$/.test(kind)) return undefined;
  return { apiVersion: group === "core" ? version : `${group}/${version}`, kind };
}
