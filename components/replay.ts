import { batch, type types } from "@pulumi/kubernetes";
import { ComponentResource, type ComponentResourceOptions, type Input } from "@pulumi/pulumi";

import { type Flow, flows } from "../k8s-jobs/replay/flow.ts";
import { labels, podTemplate } from "./helpers/pod.ts";
import type { ObjectStorageConnection } from "./minio.ts";

export interface ReplayArgs {
  readonly namespace: Input<string>;
  readonly image: string;
  /** A user that can read `storage` and write `bronze`. */
  readonly storage: ObjectStorageConnection;
  /** When it runs, as cron writes it, in UTC. @default never, until somebody starts it by hand */
  readonly schedule?: string | undefined;
  /** Objects a second, or `max`. */
  readonly pace: string;
  /** Whether something else starts the pods by the schedule: then Kubernetes does not. @default false */
  readonly isScheduledElsewhere?: boolean;
}

/** A pod that is started by the clock. */
export interface ScheduledPod {
  /** When it runs, as cron writes it, in UTC; undefined for only by hand. */
  readonly schedule: string | undefined;
  /** One container, which ends by itself. */
  readonly template: types.input.core.v1.PodTemplateSpec;
}

/**
 * Runs k8s-jobs/replay for each flow, which copies from `storage` to `bronze` as if the rows came just
 * now: the CronJobs `<name>-training` and `<name>-testing`.
 */
export class Replay extends ComponentResource {
  /** What the CronJobs run, for others to run. */
  readonly pods: Readonly<Record<Flow, ScheduledPod>>;

  constructor(name: string, args: ReplayArgs, opts?: ComponentResourceOptions) {
    super("lakehouse:storage:Replay", name, {}, opts);
    const { namespace, schedule, isScheduledElsewhere = false } = args;
    const pod = (flow: Flow): ScheduledPod => ({
      schedule,
      template: podOf(flow, `${name}-${flow}`, args),
    });
    this.pods = { training: pod("training"), testing: pod("testing") };
    for (const flow of flows) {
      const job = `${name}-${flow}`;
      new batch.v1.CronJob(
        job,
        {
          metadata: { name: job, namespace, labels: labels(job) },
          spec: {
            // A suspended CronJob can still be started by hand, and must have a schedule.
            schedule: schedule ?? "@hourly",
            suspend: isScheduledElsewhere || schedule === undefined,
            timeZone: "Etc/UTC",
            // At a slow pace a run may well take longer than the time to the next.
            concurrencyPolicy: "Forbid",
            // What was missed while the machine slept is copied by the next run anyway.
            startingDeadlineSeconds: 200,
            successfulJobsHistoryLimit: 1,
            failedJobsHistoryLimit: 1,
            // Each attempt goes on where the last one ended.
            jobTemplate: { spec: { backoffLimit: 2, template: this.pods[flow].template } },
          },
        },
        { parent: this },
      );
    }
    this.registerOutputs();
  }
}

function podOf(flow: Flow, name: string, { image, pace, storage }: ReplayArgs) {
  const key = (entry: string) => ({ secret: storage.credentialsSecret, key: entry });
  return podTemplate(name, {
    image,
    args: ["/app/replay.mjs", "--flow", flow, "--pace", pace],
    env: { S3_ENDPOINT: storage.endpoint },
    secretEnv: {
      AWS_ACCESS_KEY_ID: key("access-key"),
      AWS_SECRET_ACCESS_KEY: key("secret-key"),
    },
    resources: { cpu: "20m", memory: "64Mi", memoryLimit: "192Mi" },
    restartPolicy: "Never",
  });
}
