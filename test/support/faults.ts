import { CoreV1Api, KubeConfig } from "@kubernetes/client-node";

import { namespace } from "../../cli/workloads.ts";
import { deployed } from "./lakehouse.ts";

/** Kills the driver of the streaming job at once, as a lost node would. */
export async function killStreamingDriver(): Promise<void> {
  const config = new KubeConfig();
  config.loadFromFile((await deployed()).kubeconfig);
  const core = config.makeApiClient(CoreV1Api);
  const { items } = await core.listNamespacedPod({ namespace, labelSelector: "spark-role=driver" });
  const name = items.find((pod) => pod.status?.phase === "Running")?.metadata?.name;
  if (name === undefined) throw new Error("no Spark driver is running");
  await core.deleteNamespacedPod({ name, namespace, gracePeriodSeconds: 0 });
}
