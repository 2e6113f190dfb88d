import { AppsV1Api, CoreV1Api, KubeConfig } from "@kubernetes/client-node";

import { requireDeployment } from "../../cli/deployment.ts";
import { namespace } from "../../cli/workloads.ts";
import { stack } from "./lakehouse.ts";

/** Kills the driver of the streaming job at once, as a lost node would. */
export async function killStreamingDriver(): Promise<void> {
  const core = (await cluster()).makeApiClient(CoreV1Api);
  const { items } = await core.listNamespacedPod({ namespace, labelSelector: "spark-role=driver" });
  const name = items.find((pod) => pod.status?.phase === "Running")?.metadata?.name;
  if (name === undefined) throw new Error("no Spark driver is running");
  await core.deleteNamespacedPod({ name, namespace, gracePeriodSeconds: 0 });
}

/** Stops the shop's live events (0), or lets them flow again (1). */
export async function scaleProducer(replicas: 0 | 1): Promise<void> {
  const apps = (await cluster()).makeApiClient(AppsV1Api);
  const scale = await apps.readNamespacedDeploymentScale({ name: "producer", namespace });
  if (scale.spec) scale.spec.replicas = replicas;
  await apps.replaceNamespacedDeploymentScale({ name: "producer", namespace, body: scale });
}

async function cluster(): Promise<KubeConfig> {
  const config = new KubeConfig();
  config.loadFromFile((await requireDeployment(stack)).kubeconfig);
  return config;
}
