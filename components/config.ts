import { Config, getStack, RunError, runtime } from "@pulumi/pulumi";
import { z } from "zod";

import type { Quantity } from "./helpers/quantity.ts";
import type { AnomalyDetection } from "./streaming.ts";

const integer = (minimum: number, maximum: number) =>
  z.coerce
    .number({ error: "must be a whole number" })
    .int("must be a whole number")
    .min(minimum, `must be at least ${minimum}`)
    .max(maximum, `must be at most ${maximum}`);

const quantity = z
  .string()
  .regex(/^[1-9]\d*(Mi|Gi|Ti)$/, "must be a size such as 8Gi")
  .transform((value) => value as Quantity);

const flag = z
  .enum(["true", "false"], { error: "must be true or false" })
  .transform((value) => value === "true");

const schedule = z
  .string()
  .regex(
    /^(off|([\d*/,-]+ ){4}[\d*/,-]+)$/,
    'must be a cron schedule such as "23 * * * *", or "off"',
  );

/** Every key of the project; Pulumi.yaml describes each and states the same default. */
export const schema = z.object({
  images: z.literal("built", { error: 'must be "built"' }).default("built"),
  portOffset: integer(0, 1000).default(0),
  kafkaBrokers: z
    .enum(["1", "3"], { error: "must be 1 or 3" })
    .transform((value) => (value === "1" ? 1 : 3))
    .default(1),
  kafkaPartitions: integer(1, 100).default(2),
  kafkaStorage: quantity.default("8Gi"),
  minioStorage: quantity.default("20Gi"),
  postgresStorage: quantity.default("2Gi"),
  redisStorage: quantity.default("1Gi"),
  producerRate: integer(1, 50_000).default(50),
  streamingTriggerSeconds: integer(1, 3600).default(1),
  streamingMaxOffsets: integer(1000, 10_000_000).default(150_000),
  alertWindowMinutes: integer(5, 1440).default(60),
  alertThreshold: integer(2, 100).default(4),
  alertCooldownMinutes: integer(1, 1440).default(5),
  alertMinimumHistoryMinutes: integer(2, 1440).default(10),
  dashboardAuth: z
    .enum(["password", "none"], { error: 'must be "password" or "none"' })
    .default("password"),
  maintenance: schedule.default("23 * * * *"),
  queryEngine: z
    .enum(["light", "dremio"], { error: 'must be "light" or "dremio"' })
    .default("light"),
  dremioStorage: quantity.default("20Gi"),
  notebook: flag.default(false),
  notebookStorage: quantity.default("1Gi"),
});

/** What answers SQL: the engine of apps/query, or Dremio. */
export type QueryEngineKind = z.infer<typeof schema>["queryEngine"];

/** The configuration as the components take it. */
export interface LakehouseConfig {
  /** The port on this machine that leads to a NodePort. */
  readonly hostPort: (nodePort: number) => number;
  readonly kafka: {
    readonly brokers: 1 | 3;
    readonly partitions: number;
    readonly storage: Quantity;
  };
  readonly minio: { readonly storage: Quantity; readonly queryEngine: QueryEngineKind };
  readonly postgres: { readonly storage: Quantity };
  readonly redis: { readonly storage: Quantity };
  readonly producer: { readonly rate: number };
  readonly streaming: {
    readonly triggerSeconds: number;
    readonly maxOffsets: number;
    readonly alerts: AnomalyDetection;
  };
  readonly dashboard: { readonly auth: "password" | "none" };
  /** When tables are compacted, as cron writes it; undefined for never. */
  readonly maintenance: { readonly schedule: string | undefined };
  readonly query: { readonly engine: QueryEngineKind; readonly dremioStorage: Quantity };
  readonly notebook: { readonly isEnabled: boolean; readonly storage: Quantity };
}

/**
 * The stack's configuration, checked as a whole.
 * @throws RunError that names every wrong or unknown key.
 */
export function readConfig(): LakehouseConfig {
  const config = new Config("lakehouse");
  const given = Object.keys(runtime.allConfig())
    .filter((key) => key.startsWith("lakehouse:"))
    .map((key) => key.slice("lakehouse:".length));
  const values = Object.fromEntries(given.map((key) => [key, config.get(key)]));

  const result = schema.safeParse(values);
  const problems = [
    ...given
      .filter((key) => !(key in schema.shape))
      .map((key) => `lakehouse:${key} is not a key of this project`),
    ...(result.error?.issues ?? []).map(({ path, message }) => {
      const key = String(path[0]);
      return `lakehouse:${key} ${message}, but is ${JSON.stringify(values[key])}`;
    }),
  ];
  if (!result.success || problems.length > 0) {
    throw new RunError(
      `The configuration of stack "${getStack()}" cannot be used:\n` +
        problems.map((problem) => `  ${problem}\n`).join("") +
        `Pulumi.yaml describes each key; set them in Pulumi.${getStack()}.yaml.`,
    );
  }
  const keys = result.data;
  return {
    hostPort: (nodePort) => nodePort + keys.portOffset,
    kafka: {
      brokers: keys.kafkaBrokers,
      partitions: keys.kafkaPartitions,
      storage: keys.kafkaStorage,
    },
    minio: { storage: keys.minioStorage, queryEngine: keys.queryEngine },
    postgres: { storage: keys.postgresStorage },
    redis: { storage: keys.redisStorage },
    producer: { rate: keys.producerRate },
    streaming: {
      triggerSeconds: keys.streamingTriggerSeconds,
      maxOffsets: keys.streamingMaxOffsets,
      alerts: {
        windowMinutes: keys.alertWindowMinutes,
        threshold: keys.alertThreshold,
        cooldownMinutes: keys.alertCooldownMinutes,
        minimumHistoryMinutes: keys.alertMinimumHistoryMinutes,
      },
    },
    dashboard: { auth: keys.dashboardAuth },
    maintenance: { schedule: keys.maintenance === "off" ? undefined : keys.maintenance },
    query: { engine: keys.queryEngine, dremioStorage: keys.dremioStorage },
    notebook: { isEnabled: keys.notebook, storage: keys.notebookStorage },
  };
}
