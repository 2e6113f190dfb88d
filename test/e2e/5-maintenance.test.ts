import {
  BatchV1Api,
  CoreV1Api,
  KubeConfig,
  V1EnvVar,
  V1Job,
  V1ObjectMeta,
} from "@kubernetes/client-node";
import { expect, it } from "vitest";

import { namespace } from "../../cli/workloads.ts";
import { eventually, sql, sqlRow } from "../support/lakehouse.ts";

const name = "maintenance-by-test";

/** Starts the CronJob's work now, on everything that is older than a minute. */
async function startMaintenance(batch: BatchV1Api): Promise<void> {
  const { spec } = await batch.readNamespacedCronJob({ name: "maintenance", namespace });
  const job = new V1Job();
  job.metadata = new V1ObjectMeta();
  job.metadata.name = name;
  if (spec.jobTemplate.spec === undefined) throw new Error("the CronJob has no work");
  job.spec = spec.jobTemplate.spec;
  const recent = new V1EnvVar();
  recent.name = "QUIET_MINUTES";
  recent.value = "1";
  job.spec.template.spec?.containers[0]?.env?.push(recent);
  await batch.createNamespacedJob({ namespace, body: job });
}

const filesOfClicks = async (): Promise<number> => {
  const [row] = await sql<{ files: number }>(
    "SELECT files FROM lakehouse.tables WHERE table_name = 'clicks'",
  );
  return row?.files ?? 0;
};

it("merges small files beside the running streams, and neither loses nor doubles a row", async () => {
  const config = new KubeConfig();
  config.loadFromDefault();
  const batch = config.makeApiClient(BatchV1Api);
  const core = config.makeApiClient(CoreV1Api);
  await eventually("many small files", filesOfClicks, (files) => files > 20);
  await startMaintenance(batch);
  try {
    const status = await eventually(
      "the end of the maintenance",
      async () => (await batch.readNamespacedJob({ name, namespace })).status,
      (now) => (now?.succeeded ?? 0) + (now?.failed ?? 0) > 0,
      300,
    );
    expect(status?.succeeded).toBe(1);
    // The streams add files all the while, so the table's own number tells little.
    const pods = await core.listNamespacedPod({ namespace, labelSelector: `job-name=${name}` });
    const pod = pods.items[0]?.metadata?.name ?? "";
    const log = await core.readNamespacedPodLog({ name: pod, namespace });
    expect(log).toMatch(/clicks: \d+ files became \d+ in/);
  } finally {
    await batch.deleteNamespacedJob({ name, namespace, propagationPolicy: "Background" });
  }
  for (const table of ["orders", "clicks", "errors"]) {
    const row = await sqlRow(
      `SELECT count(*) AS n, count(DISTINCT event_id) AS ids FROM ecommerce_db.${table}`,
    );
    expect(row["n"], table).toBe(row["ids"]);
  }
});
