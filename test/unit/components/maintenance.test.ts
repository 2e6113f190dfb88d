import type { V1CronJob } from "@kubernetes/client-node";
import { output } from "@pulumi/pulumi";
import { describe, expect, it } from "vitest";

import { Maintenance } from "../../../components/maintenance.ts";
import { nessie, record } from "../../support/mocks.ts";

async function cronJob(schedule?: string) {
  const recording = await record(
    () =>
      new Maintenance("maintenance", {
        namespace: "lakehouse",
        image: "localhost/lakehouse/maintenance:1",
        catalog: nessie,
        objectStorage: {
          endpoint: output("http://minio:9000"),
          credentialsSecret: output("minio-spark"),
        },
        schedule,
      }),
  );
  const { inputs } = recording.find("kubernetes:batch/v1:CronJob", "maintenance");
  return (inputs as unknown as V1CronJob).spec;
}

describe("the maintenance of the tables", () => {
  it("runs by the clock, one at a time, and is not repeated when it fails", async () => {
    const spec = await cronJob("23 * * * *");
    expect(spec).toMatchObject({
      schedule: "23 * * * *",
      suspend: false,
      timeZone: "Etc/UTC",
      concurrencyPolicy: "Forbid",
      jobTemplate: { spec: { backoffLimit: 0, template: { spec: { restartPolicy: "Never" } } } },
    });
  });

  it("is suspended without a schedule, ready to be started by hand", async () => {
    expect(await cronJob()).toMatchObject({ schedule: "@hourly", suspend: true });
  });

  it("is one small process, told where the tables are", async () => {
    const pod = (await cronJob()).jobTemplate.spec?.template.spec;
    const [container] = pod?.containers ?? [];
    expect(container?.args?.slice(0, 3)).toEqual(["spark-submit", "--master", "local[1]"]);
    expect(container?.args?.at(-1)).toBe("/opt/lakehouse/maintenance/main.py");
    expect(container?.env).toEqual([
      { name: "NESSIE_URI", value: "http://nessie:19120/api/v2" },
      { name: "S3_ENDPOINT", value: "http://minio:9000" },
      ...[
        ["AWS_ACCESS_KEY_ID", "access-key"],
        ["AWS_SECRET_ACCESS_KEY", "secret-key"],
      ].map(([name, key]) => ({
        name,
        valueFrom: { secretKeyRef: { name: "minio-spark", key } },
      })),
    ]);
  });
});
