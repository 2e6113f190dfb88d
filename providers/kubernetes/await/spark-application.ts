import type { Cluster } from "../cluster.ts";
import { textAt } from "../objects.ts";
import type { LiveObject } from "../objects.ts";

/** Whether an object is a SparkApplication of the kubeflow operator, of any version of its API. */
export function isSparkApplication({ apiVersion, kind }: LiveObject): boolean {
  return kind === "SparkApplication" && apiVersion.startsWith("sparkoperator.k8s.io/");
}

/**
 * The pods of a SparkApplication, its driver first. They are found by the labels that the operator
 * submits them with: its status names them only once they run.
 */
export async function sparkPods(live: LiveObject, cluster: Cluster): Promise<LiveObject[]> {
  const application = `sparkoperator.k8s.io/app-name=${live.metadata.name}`;
  const pods = await cluster.list({ apiVersion: "v1", kind: "Pod" }, live.metadata.namespace, {
    labelSelector: `${application},spark-role in (driver,executor)`,
  });
  const isExecutor = (pod: LiveObject) => pod.metadata.labels?.["spark-role"] === "executor";
  return pods.toSorted((one, other) => Number(isExecutor(one)) - Number(isExecutor(other)));
}

/** What the operator says of the last attempt, whose driver it may have removed; `undefined` if nothing. */
export function sparkErrorMessage(live: LiveObject): string | undefined {
  return textAt(live, ["status", "applicationState", "errorMessage"])?.trim() || undefined;
}
