import { PassThrough } from "node:stream";
import { text } from "node:stream/consumers";

import {
  AppsV1Api,
  CoreV1Api,
  Exec,
  type KubeConfig,
  type V1Status,
} from "@kubernetes/client-node";

import { requireDeployment } from "../../cli/deployment.ts";
import { loadKubeconfig } from "../../cli/kubeconfig.ts";
import { namespace } from "../../cli/workloads.ts";
import { eventually, stack } from "./lakehouse.ts";

/** Pods that a fault can hit, by the labels that find them. */
export const victims = {
  "Spark driver": "spark-role=driver,sparkoperator.k8s.io/app-name=streaming",
  "feature driver": "spark-role=driver,sparkoperator.k8s.io/app-name=features",
  "Spark executor": "spark-role=executor,sparkoperator.k8s.io/app-name=streaming",
  "Kafka broker": "app.kubernetes.io/name=kafka",
  "Kafka Connect": "app.kubernetes.io/name=kafka-connect",
  catalog: "app.kubernetes.io/name=nessie",
} as const;

export type Victim = keyof typeof victims;

/** Kills a pod at once, as a lost node would. */
export async function kill(victim: Victim): Promise<void> {
  const core = (await cluster()).makeApiClient(CoreV1Api);
  const name = await podName(core, victim);
  await core.deleteNamespacedPod({ name, namespace, gracePeriodSeconds: 0 });
}

/** Runs a command in a pod. @returns its output. */
export async function runIn(victim: Victim, command: readonly string[]): Promise<string> {
  const config = await cluster();
  const core = config.makeApiClient(CoreV1Api);
  const name = await podName(core, victim);
  const { spec } = await core.readNamespacedPod({ name, namespace });
  const container = spec?.containers[0]?.name ?? "";
  const output = new PassThrough();
  const { status, message } = await new Promise<V1Status>((ended, failed) => {
    new Exec(config)
      .exec(namespace, name, container, [...command], output, null, null, false, ended)
      .catch(failed);
  });
  if (status !== "Success") throw new Error(`${command.join(" ")} in ${name}: ${message ?? ""}`);
  output.end();
  return text(output);
}

async function podName(core: CoreV1Api, victim: Victim): Promise<string> {
  const labelSelector = victims[victim];
  const { items } = await core.listNamespacedPod({ namespace, labelSelector });
  const name = items.find((pod) => pod.status?.phase === "Running")?.metadata?.name;
  if (name === undefined) throw new Error(`no ${victim} is running`);
  return name;
}

/** Stops the shop's live events (0), or lets them flow again (1). */
export async function scaleProducer(replicas: 0 | 1): Promise<void> {
  const apps = (await cluster()).makeApiClient(AppsV1Api);
  const scale = await apps.readNamespacedDeploymentScale({ name: "producer", namespace });
  if (scale.spec) scale.spec.replicas = replicas;
  await apps.replaceNamespacedDeploymentScale({ name: "producer", namespace, body: scale });
}

/** Stops the only Kafka broker and waits until it is gone (0), or starts it again (1). */
export async function scaleKafka(replicas: 0 | 1): Promise<void> {
  const config = await cluster();
  const apps = config.makeApiClient(AppsV1Api);
  const scale = await apps.readNamespacedStatefulSetScale({ name: "kafka", namespace });
  if (scale.spec) scale.spec.replicas = replicas;
  await apps.replaceNamespacedStatefulSetScale({ name: "kafka", namespace, body: scale });
  await eventually(
    `${replicas} Kafka brokers`,
    () => apps.readNamespacedStatefulSetStatus({ name: "kafka", namespace }),
    ({ status }) =>
      replicas === 0 ? (status?.replicas ?? 0) === 0 : (status?.readyReplicas ?? 0) === 1,
  );
}

async function cluster(): Promise<KubeConfig> {
  return loadKubeconfig((await requireDeployment(stack)).kubeconfig);
}
