import type { V1CronJob } from "@kubernetes/client-node";
import { output } from "@pulumi/pulumi";
import { describe, expect, it } from "vitest";

import { Replay } from "../../../components/replay.ts";
import { flows } from "../../../k8s-jobs/replay/flow.ts";
import { record } from "../../support/mocks.ts";

const args = {
  namespace: "lakehouse",
  image: "localhost/lakehouse/apps:1",
  storage: {
    endpoint: output("http://minio:9000"),
    credentialsSecret: output("minio-copier"),
  },
  schedule: "*/5 * * * *",
  pace: "50",
};

/** A value without the outputs in it. */
const plain = (value: object) =>
  new Promise<unknown>((resolve) => {
    output(value).apply(resolve);
  });

async function cronJob(flow: string, schedule?: string) {
  const recording = await record(() => new Replay("replay", { ...args, schedule }));
  const { inputs } = recording.find("kubernetes:batch/v1:CronJob", `replay-${flow}`);
  return (inputs as unknown as V1CronJob).spec;
}

describe.each(flows)("the replay of the flow %s", (flow) => {
  it("runs by the clock, one at a time, and goes on where it failed", async () => {
    expect(await cronJob(flow, "*/5 * * * *")).toMatchObject({
      schedule: "*/5 * * * *",
      suspend: false,
      timeZone: "Etc/UTC",
      concurrencyPolicy: "Forbid",
      jobTemplate: { spec: { backoffLimit: 2, template: { spec: { restartPolicy: "Never" } } } },
    });
  });

  it("is suspended without a schedule, ready to be started by hand", async () => {
    expect(await cronJob(flow)).toMatchObject({ schedule: "@hourly", suspend: true });
  });

  it("is suspended where something else starts it, which gets the very same pod", async () => {
    let pods: Replay["pods"] | undefined;
    const recording = await record(
      () => (pods = new Replay("replay", { ...args, isScheduledElsewhere: true }).pods),
    );
    const { inputs } = recording.find("kubernetes:batch/v1:CronJob", `replay-${flow}`);
    const { spec } = inputs as unknown as V1CronJob;
    expect(spec).toMatchObject({ schedule: "*/5 * * * *", suspend: true });
    const pod = pods?.[flow];
    expect(pod?.schedule).toBe("*/5 * * * *");
    expect(await plain(pod?.template ?? {})).toEqual(spec.jobTemplate.spec?.template);
  });

  it("copies at its pace as the copier, whose keys come from a Secret", async () => {
    const [container] = (await cronJob(flow)).jobTemplate.spec?.template.spec?.containers ?? [];
    expect(container?.args).toEqual(["/app/replay.mjs", "--flow", flow, "--pace", "50"]);
    expect(container?.env).toEqual([
      { name: "S3_ENDPOINT", value: "http://minio:9000" },
      ...[
        ["AWS_ACCESS_KEY_ID", "access-key"],
        ["AWS_SECRET_ACCESS_KEY", "secret-key"],
      ].map(([name, key]) => ({
        name,
        valueFrom: { secretKeyRef: { name: "minio-copier", key } },
      })),
    ]);
  });
});
