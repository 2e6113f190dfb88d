import { z } from "zod";

import type { ClusterSettings } from "./cluster.ts";
import { flag, integer } from "./helpers/config-fields.ts";
import type { IngressSettings } from "./helpers/ingress.ts";
import type { Toleration } from "./helpers/scheduling.ts";

/** A name in the DNS with at least one dot. */
const hostName = /^[a-z\d]([a-z\d-]*[a-z\d])?(\.[a-z\d]([a-z\d-]*[a-z\d])?)+$/;
/** A name of a Kubernetes object. */
const objectName = /^[a-z\d]([-a-z\d.]*[a-z\d])?$/;
/** Key or value of a label or a taint. */
const labelKey = /^([a-z\d][-a-z\d.]*\/)?[A-Za-z\d][-\w.]*$/;
const labelValue = /^[A-Za-z\d]([-\w.]*[A-Za-z\d])?$/;
const registry = /^[a-z\d][a-z\d.-]*[.:][a-z\d.:-]*[a-z\d](\/[a-z\d]+([._-]+[a-z\d]+)*)*$/;

/** What matches, or a word that stands for nothing. */
const textOr = (nothing: string, pattern: RegExp, example: string) =>
  z
    .string()
    .refine((text) => text === nothing || pattern.test(text), `must be ${example}, or "${nothing}"`)
    .default(nothing);

/** Labels as in `pool=lakehouse,kubernetes.io/arch=amd64`. */
function labels(text: string): Readonly<Record<string, string>> | undefined {
  const pairs = text === "none" ? [] : text.split(",").map((pair) => pair.split("="));
  const areLabels = pairs.every(
    ([key = "", value = "", ...rest]) =>
      labelKey.test(key) && labelValue.test(value) && rest.length === 0,
  );
  return areLabels ? (Object.fromEntries(pairs) as Record<string, string>) : undefined;
}

/** Taints as in `dedicated=lakehouse:NoSchedule,spot:NoExecute`. */
function taints(text: string): readonly Toleration[] | undefined {
  const parsed = (text === "none" ? [] : text.split(",")).map((taint): Toleration | undefined => {
    const [, key = "", value, effect] =
      /^([^=:]+)(?:=([^=:]+))?:(NoSchedule|PreferNoSchedule|NoExecute)$/.exec(taint) ?? [];
    if (!labelKey.test(key)) return undefined;
    const of = { key, effect: effect as Toleration["effect"] };
    return value === undefined
      ? { ...of, operator: "Exists" }
      : { ...of, operator: "Equal", value };
  });
  return parsed.some((one) => one === undefined) ? undefined : (parsed as Toleration[]);
}

/** Keys that fit the platform to a cluster in a cloud. */
export const cloudKeys = {
  access: z
    .enum(["nodePort", "clusterIP"], { error: 'must be "nodePort" or "clusterIP"' })
    .default("nodePort"),
  imageRegistry: textOr("none", registry, "a registry such as ghcr.io/acme/lakehouse"),
  storageClass: textOr("default", objectName, "the name of a storage class"),
  nodeSelector: z
    .string()
    .refine((text) => labels(text), 'must be labels such as pool=lakehouse, or "none"')
    .default("none"),
  tolerations: z
    .string()
    .refine((text) => taints(text), 'must be taints such as spot=true:NoSchedule, or "none"')
    .default("none"),
  spread: flag.default(false),
  resourceTier: z
    .enum(["laptop", "small", "large"], { error: 'must be "laptop", "small" or "large"' })
    .default("laptop"),
  nessieReplicas: integer(1, 4).default(1),
  dashboardMaxReplicas: integer(1, 20).default(1),
  streamingMaxExecutors: integer(0, 50).default(0),
  dashboardHost: textOr("off", hostName, "a name in the DNS such as shop.example.com"),
  ingressClass: z
    .string()
    .regex(objectName, "must be the name of an IngressClass")
    .default("traefik"),
  certIssuer: textOr("none", objectName, "the name of a ClusterIssuer of cert-manager"),
};

/** The values of the keys. */
export type CloudValues = {
  readonly [Key in keyof typeof cloudKeys]: z.infer<(typeof cloudKeys)[Key]>;
};

/** What each key would allow, but not together: key and what is wrong with it. */
export function contradictions(
  keys: CloudValues & { readonly dashboardAuth: "password" | "none" | "oidc" },
): [string, string][] {
  const found: [string, string][] = [];
  if (keys.nessieReplicas > 1 && keys.resourceTier === "laptop") {
    found.push([
      "nessieReplicas",
      "must be 1 with resourceTier laptop, whose Postgres has connections for one",
    ]);
  }
  if (keys.dashboardHost === "off") return found;
  if (keys.certIssuer === "none") {
    found.push(["certIssuer", "must be set with dashboardHost: the page is served over TLS alone"]);
  }
  if (keys.dashboardAuth === "none") {
    found.push([
      "dashboardAuth",
      "must be password or oidc with dashboardHost, which the world can reach",
    ]);
  }
  return found;
}

/** What the cluster wants of every object. */
export function clusterSettings(keys: CloudValues): ClusterSettings {
  return {
    isPrivate: keys.access === "clusterIP",
    storageClass: keys.storageClass === "default" ? undefined : keys.storageClass,
    nodeSelector: labels(keys.nodeSelector) ?? {},
    tolerations: taints(keys.tolerations) ?? [],
    isSpread: keys.spread,
  };
}

/** How the dashboard is reached from outside of the cluster; undefined if it is not. */
export function dashboardIngress(keys: CloudValues): IngressSettings | undefined {
  const { dashboardHost: host, ingressClass: className, certIssuer: issuer } = keys;
  return host === "off" ? undefined : { host, className, issuer };
}
