import { hasTrueAnnotation, annotation } from "./objects.ts";
import type { KubernetesObject } from "./objects.ts";
import type { Settings } from "./settings.ts";

/** Every object is what it is by its name and namespace. */
const IDENTITY = ["metadata.name", "metadata.namespace"];

/**
 * Fields whose change replaces the object without asking the API server, as in the official plugin
 * (pulumi-kubernetes, provider/pkg/provider/diff.go).
 */
const RULES: Readonly<Record<string, readonly string[]>> = {
  "apps/v1/DaemonSet": ["spec.selector"],
  "apps/v1/Deployment": ["spec.selector"],
  "apps/v1/StatefulSet": [
    "spec.podManagementPolicy",
    "spec.revisionHistoryLimit",
    "spec.selector",
    "spec.serviceName",
    "spec.volumeClaimTemplates",
  ],
  "batch/v1/Job": ["spec.completions", "spec.parallelism", "spec.selector", "spec.template"],
  "rbac.authorization.k8s.io/v1/ClusterRoleBinding": ["roleRef"],
  "rbac.authorization.k8s.io/v1/RoleBinding": ["roleRef"],
  "storage.k8s.io/v1/StorageClass": ["parameters", "provisioner"],
  "v1/PersistentVolumeClaim": [
    "spec.accessModes",
    "spec.selector",
    "spec.storageClassName",
    "spec.volumeName",
  ],
  "v1/Pod": [
    "spec.affinity",
    "spec.automountServiceAccountToken",
    "spec.containers[*]",
    "spec.dnsConfig",
    "spec.dnsPolicy",
    "spec.enableServiceLinks",
    "spec.hostAliases",
    "spec.hostIPC",
    "spec.hostNetwork",
    "spec.hostPID",
    "spec.hostname",
    "spec.imagePullSecrets",
    "spec.initContainers[*]",
    "spec.nodeName",
    "spec.nodeSelector",
    "spec.overhead",
    "spec.preemptionPolicy",
    "spec.priority",
    "spec.priorityClassName",
    "spec.readinessGates",
    "spec.restartPolicy",
    "spec.runtimeClassName",
    "spec.schedulerName",
    "spec.securityContext",
    "spec.serviceAccount",
    "spec.serviceAccountName",
    "spec.shareProcessNamespace",
    "spec.subdomain",
    "spec.terminationGracePeriodSeconds",
    "spec.volumes",
  ],
  "v1/ResourceQuota": ["spec.scopes"],
  "v1/Service": ["spec.clusterIP"],
};

/** Paths whose change replaces this object. */
export function replaceRulesOf(object: KubernetesObject, settings: Settings): readonly string[] {
  const isImmutable = object["immutable"] === true;
  const key = `${object.apiVersion}/${object.kind}`;
  if (key === "v1/ConfigMap" && (isImmutable || !settings.enableConfigMapMutable)) {
    return [...IDENTITY, "binaryData", "data"];
  }
  if (key === "v1/Secret") {
    const data = isImmutable || !settings.enableSecretMutable ? ["data", "stringData"] : [];
    return [...IDENTITY, "type", ...data];
  }
  return [...IDENTITY, ...(RULES[key] ?? [])];
}

/**
 * Whether the old object must go first: the new one is to have the same name, which the program has
 * chosen, in the same namespace.
 */
export function mustDeleteFirst(old: KubernetesObject, current: KubernetesObject): boolean {
  return (
    !hasTrueAnnotation(current, annotation.autonamed) &&
    old.metadata.name === current.metadata.name &&
    old.metadata.namespace === current.metadata.namespace
  );
}
