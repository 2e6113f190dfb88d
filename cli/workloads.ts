import { existsSync } from "node:fs";

import {
  AppsV1Api,
  CoreV1Api,
  CustomObjectsApi,
  type KubeConfig,
  type V1Service,
  VersionApi,
} from "@kubernetes/client-node";

import { UserError } from "./errors.ts";
import { loadKubeconfig } from "./kubeconfig.ts";
import { nodePressures, podReason, type SparkApplication, sparkReason } from "./pod-reason.ts";

/** The namespace that holds the whole platform. */
export const namespace = "lakehouse";

/** One line of `npm run status`. */
export interface ComponentStatus {
  readonly name: string;
  readonly ready: boolean;
  /** Where it is reached from this machine, if it is. */
  readonly url: string | null;
  /** Why it is not ready. */
  readonly reason: string | null;
}

/** Who signs in to a part of the platform. */
export interface Login {
  readonly username: string;
  readonly password: string;
}

/** The part of a URL before the port, by Service; a Service without an entry has a plain address. */
const schemes: Readonly<Record<string, string>> = {
  airflow: "http://",
  dashboard: "http://",
  "kafka-ui": "http://",
  minio: "http://",
  nessie: "http://",
  notebook: "http://",
  postgres: "postgresql://",
  query: "grpc://",
  redis: "redis://",
  streaming: "http://",
};

/**
 * What runs in the cluster: every Deployment, StatefulSet and SparkApplication of the platform.
 * @param hostPort maps a NodePort to the port on this machine.
 * @throws UserError when the cluster does not answer.
 */
export async function componentStatuses(
  kubeconfig: string,
  hostPort: (nodePort: number) => number,
): Promise<ComponentStatus[]> {
  const config = loadKubeconfig(kubeconfig);
  const apps = config.makeApiClient(AppsV1Api);
  const core = config.makeApiClient(CoreV1Api);
  const [deployments, statefulSets, services, pods, nodes, applications] = await Promise.all([
    apps.listNamespacedDeployment({ namespace }),
    apps.listNamespacedStatefulSet({ namespace }),
    core.listNamespacedService({ namespace }),
    core.listNamespacedPod({ namespace }),
    // Only to explain what is not ready: not everybody may look at nodes.
    core.listNode().catch(() => ({ items: [] })),
    sparkApplications(config),
  ]).catch((cause: unknown) => {
    throw new UserError("The cluster does not answer", { cure: "Run `npm run up`.", cause });
  });
  const url = (name: string): string | null => hostUrl(name, services.items, hostPort);
  const workloads = [...deployments.items, ...statefulSets.items].map((workload) => {
    const name = workload.metadata?.name ?? "";
    const wanted = workload.spec?.replicas ?? 1;
    const ready = (workload.status?.readyReplicas ?? 0) >= wanted;
    const labels = Object.entries(workload.spec?.selector.matchLabels ?? {});
    const own = pods.items.filter((pod) =>
      labels.every(([key, value]) => pod.metadata?.labels?.[key] === value),
    );
    return { name, ready, url: url(name), reason: ready ? null : podReason(own) };
  });
  const spark = applications.map((application) => {
    const { name } = application.metadata;
    const reason = sparkReason(application, pods.items);
    return { name, ready: reason === null, url: url(name), reason };
  });
  const pressure = nodePressures(nodes.items);
  const told = ({ reason, ...component }: ComponentStatus): ComponentStatus => ({
    ...component,
    reason: reason === null ? null : [reason, ...pressure].join("; "),
  });
  return [...workloads, ...spark]
    .map(told)
    .sort((one, other) => one.name.localeCompare(other.name));
}

/**
 * The entries of a Secret of the platform, by key, or null if there is no such Secret.
 * @throws UserError when the cluster does not answer.
 */
export async function readSecret(
  kubeconfig: string,
  name: string,
): Promise<((key: string) => string) | null> {
  try {
    const { data } = await loadKubeconfig(kubeconfig)
      .makeApiClient(CoreV1Api)
      .readNamespacedSecret({ namespace, name });
    return (key) => Buffer.from(data?.[key] ?? "", "base64").toString();
  } catch (cause) {
    if ((cause as { code?: number }).code === 404) return null;
    throw new UserError("The cluster does not answer", { cure: "Run `npm run up`.", cause });
  }
}

/** The user and the password in a Secret of the platform, or null if there is no such Secret. */
export async function readLogin(kubeconfig: string, secret: string): Promise<Login | null> {
  const entry = await readSecret(kubeconfig, secret);
  return entry && { username: entry("username"), password: entry("password") };
}

/** Whether the API server of a cluster answers. */
export async function clusterAnswers(kubeconfig: string): Promise<boolean> {
  if (!existsSync(kubeconfig)) return false;
  return loadKubeconfig(kubeconfig)
    .makeApiClient(VersionApi)
    .getCode()
    .then(
      () => true,
      () => false,
    );
}

async function sparkApplications(config: KubeConfig): Promise<SparkApplication[]> {
  try {
    const answer: unknown = await config
      .makeApiClient(CustomObjectsApi)
      .listNamespacedCustomObject({
        group: "sparkoperator.k8s.io",
        version: "v1beta2",
        namespace,
        plural: "sparkapplications",
      });
    return (answer as { items: SparkApplication[] }).items;
  } catch (error) {
    // Before the operator's chart is installed its kind does not exist.
    if ((error as { code?: number }).code === 404) return [];
    throw error;
  }
}

/** The address on this machine of the Service that carries the component's name, or starts with it. */
function hostUrl(
  component: string,
  services: readonly V1Service[],
  hostPort: (nodePort: number) => number,
): string | null {
  const ports = services
    .filter(({ metadata }) =>
      [component, `${component}-external`, `${component}-ui`, `${component}-0`].includes(
        metadata?.name ?? "",
      ),
    )
    .flatMap((service) => service.spec?.ports ?? []);
  const nodePort = ports.find((port) => port.nodePort !== undefined)?.nodePort;
  return nodePort === undefined
    ? null
    : `${schemes[component] ?? ""}localhost:${hostPort(nodePort)}`;
}
