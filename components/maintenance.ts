import { batch } from "@pulumi/kubernetes";
import {
  ComponentResource,
  type ComponentResourceOptions,
  type Input,
  interpolate,
} from "@pulumi/pulumi";

import { labels, podTemplate, type Resources, sparkUser } from "./helpers/pod.ts";
import type { ObjectStorageConnection } from "./minio.ts";
import type { CatalogConnection } from "./nessie.ts";

/** Size of its one pod. */
export interface MaintenanceSize {
  /** Heap of its JVM, in MiB. */
  readonly heapMiB: number;
  readonly resources: Resources;
}

const laptop: MaintenanceSize = {
  heapMiB: 512,
  // The heap, and some 300Mi for the JVM's own and Python.
  resources: { cpu: "50m", memory: "512Mi", memoryLimit: "896Mi" },
};

export interface MaintenanceArgs {
  readonly namespace: Input<string>;
  readonly image: string;
  readonly catalog: CatalogConnection;
  /** A user that can write the warehouse. */
  readonly objectStorage: ObjectStorageConnection;
  /** When it runs, as cron writes it, in UTC. @default never, until somebody starts it by hand */
  readonly schedule?: string | undefined;
  /** @default that of a laptop */
  readonly size?: MaintenanceSize | undefined;
}

/** Runs k8s-jobs/maintenance, which merges the small files that streaming leaves behind. */
export class Maintenance extends ComponentResource {
  constructor(name: string, args: MaintenanceArgs, opts?: ComponentResourceOptions) {
    super("lakehouse:streaming:Maintenance", name, {}, opts);
    const { namespace, objectStorage, schedule, size = laptop } = args;
    new batch.v1.CronJob(
      name,
      {
        metadata: { name, namespace, labels: labels(name) },
        spec: {
          // A suspended CronJob can still be started by hand, and must have a schedule.
          schedule: schedule ?? "@hourly",
          suspend: schedule === undefined,
          timeZone: "Etc/UTC",
          // Two at a time would undo each other's work.
          concurrencyPolicy: "Forbid",
          // What was missed while the machine slept is done by the next run anyway.
          startingDeadlineSeconds: 600,
          successfulJobsHistoryLimit: 1,
          failedJobsHistoryLimit: 1,
          jobTemplate: {
            spec: {
              // Nothing is lost if it fails: the next run finds the same files.
              backoffLimit: 0,
              activeDeadlineSeconds: 3000,
              template: podTemplate(name, {
                image: args.image,
                // One process and one task at a time: it has an hour for what streaming does in
                // seconds, and must not take the machine away from it.
                args: [
                  "spark-submit",
                  ...["--master", "local[1]"],
                  ...["--driver-memory", `${size.heapMiB}m`],
                  ...["--conf", "spark.ui.enabled=false"],
                  "/opt/lakehouse/maintenance/main.py",
                ],
                env: {
                  NESSIE_URI: interpolate`${args.catalog.uri}/api/v2`,
                  S3_ENDPOINT: objectStorage.endpoint,
                },
                secretEnv: {
                  AWS_ACCESS_KEY_ID: {
                    secret: objectStorage.credentialsSecret,
                    key: "access-key",
                  },
                  AWS_SECRET_ACCESS_KEY: {
                    secret: objectStorage.credentialsSecret,
                    key: "secret-key",
                  },
                },
                resources: size.resources,
                user: sparkUser,
                restartPolicy: "Never",
              }),
            },
          },
        },
      },
      { parent: this },
    );
    this.registerOutputs();
  }
}
