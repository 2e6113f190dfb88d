import { Config, getStack, type Output, RunError, runtime, secret } from "@pulumi/pulumi";
import { z } from "zod";

import { cloudKeys, clusterSettings, contradictions, dashboardIngress } from "./cloud-keys.ts";
import type { ClusterSettings } from "./cluster.ts";
import type { TimeToLive } from "./features.ts";
import { flag, integer, quantity } from "./helpers/config-fields.ts";
import type { IngressSettings } from "./helpers/ingress.ts";
import { type OidcAccess, oidcAccess, oidcKeys, oidcProblems } from "./helpers/oidc.ts";
import type { Quantity } from "./helpers/quantity.ts";
import { imageNames, imageReference, type ImageSources } from "./images.ts";
import type { Chosen } from "./optional-parts.ts";
import type { AnomalyDetection } from "./streaming.ts";
import { type Sizes, tiers } from "./tiers.ts";

const timeToLive = z
  .string()
  .regex(/^(none|[1-9]\d{0,5}[mhd])$/, "must be a time such as 30m, 24h or 7d, or none")
  .transform((value) => value as TimeToLive);

const schedule = z
  .string()
  .regex(
    /^(off|([\d*/,-]+ ){4}[\d*/,-]+)$/,
    'must be a cron schedule such as "23 * * * *", or "off"',
  );

/** An object, which Pulumi hands over as JSON. */
const imageReferences = z
  .string()
  .transform((value, context): unknown => {
    try {
      return JSON.parse(value);
    } catch {
      context.addIssue("must be an object of image references by name");
      return z.NEVER;
    }
  })
  .pipe(z.record(z.string(), imageReference, "must be an object of image references by name"))
  .refine((references) => Object.keys(references).every((name) => imageNames.includes(name)), {
    error: `must name no other images than ${imageNames.join(", ")}`,
  });

/** Every key of the project; Pulumi.yaml describes each and states the same default. */
export const schema = z.object({
  images: z
    .enum(["built", "upstream"], { error: 'must be "built" or "upstream"' })
    .default("built"),
  imageReferences: imageReferences.default({}),
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
  streamingTriggerSeconds: integer(1, 3600).default(2),
  streamingMaxOffsets: integer(1000, 10_000_000).default(150_000),
  alertWindowMinutes: integer(5, 1440).default(60),
  alertThreshold: integer(2, 100).default(4),
  alertCooldownMinutes: integer(1, 1440).default(5),
  alertMinimumHistoryMinutes: integer(2, 1440).default(10),
  features: flag.default(true),
  featuresTimeToLive: timeToLive.default("7d"),
  alertWebhook: z
    .url({ protocol: /^https?$/, error: 'must be an http or https URL, or "off"' })
    .or(z.literal("off"))
    .default("off"),
  alertWebhookFormat: z
    .enum(["json", "slack"], { error: 'must be "json" or "slack"' })
    .default("json"),
  dashboardAuth: z
    .enum(["password", "oidc", "none"], { error: 'must be "password", "oidc" or "none"' })
    .default("password"),
  ...oidcKeys,
  maintenance: schedule.default("23 * * * *"),
  replaySchedule: schedule.default("*/5 * * * *"),
  replayPace: z
    .string()
    .regex(/^(max|[1-9]\d{0,5})$/, 'must be a whole number from 1 to 999999, or "max"')
    .default("max"),
  queryEngine: z
    .enum(["light", "dremio"], { error: 'must be "light" or "dremio"' })
    .default("light"),
  dremioStorage: quantity.default("20Gi"),
  cdc: flag.default(false),
  kafkaUi: flag.default(false),
  airflow: flag.default(false),
  notebook: flag.default(false),
  notebookStorage: quantity.default("1Gi"),
  ...cloudKeys,
});

/** Keys whose values are not shown. */
const secretKeys: ReadonlySet<string> = new Set<keyof typeof schema.shape>([
  "alertWebhook",
  "oidcClientSecret",
]);

/** What answers SQL: the engine of apps/query, or Dremio. */
export type QueryEngineKind = z.infer<typeof schema>["queryEngine"];

/** How an image is laid out that comes both from images/ and from its project. */
interface ImageLayout {
  readonly isUpstreamImage: boolean;
}

/** A part whose size depends on the tier; undefined for its own default. */
interface Sized<Part extends keyof Sizes> {
  readonly size: Sizes[Part] | undefined;
}

/** The configuration as the components take it. */
export interface LakehouseConfig {
  /** The port on this machine that leads to a NodePort. */
  readonly hostPort: (nodePort: number) => number;
  readonly images: ImageSources;
  readonly cluster: ClusterSettings;
  readonly kafka: Sized<"kafka"> &
    ImageLayout & {
      readonly brokers: 1 | 3;
      readonly partitions: number;
      readonly storage: Quantity;
    };
  readonly minio: Sized<"minio"> & {
    readonly storage: Quantity;
    readonly queryEngine: QueryEngineKind;
  };
  readonly postgres: Sized<"postgres"> & ImageLayout & { readonly storage: Quantity };
  readonly redis: Sized<"redis"> & ImageLayout & { readonly storage: Quantity };
  readonly nessie: Sized<"nessie"> & ImageLayout & { readonly replicas: number };
  readonly producer: { readonly rate: number };
  readonly streaming: Sized<"streaming"> & {
    readonly maxExecutors: number;
    readonly triggerSeconds: number;
    readonly maxOffsets: number;
    readonly alerts: AnomalyDetection;
  };
  readonly features: Sized<"features"> & {
    readonly isEnabled: boolean;
    readonly timeToLive: TimeToLive;
  };
  readonly notifier: {
    /** Secret URL; undefined if alerts are delivered nowhere. */
    readonly webhook: Output<string> | undefined;
    readonly format: "json" | "slack";
  };
  readonly dashboard: Sized<"dashboard"> & {
    readonly auth: "password" | "none" | OidcAccess;
    readonly ingress: IngressSettings | undefined;
    readonly maxReplicas: number;
  };
  /** When tables are compacted, as cron writes it; undefined for never. */
  readonly maintenance: Sized<"maintenance"> & { readonly schedule: string | undefined };
  readonly replay: {
    /** When objects are copied on, as cron writes it; undefined for never. */
    readonly schedule: string | undefined;
    /** Objects a second, or `max`. */
    readonly pace: string;
    /** Whether Airflow sees to the schedule. */
    readonly isScheduledElsewhere: boolean;
  };
  readonly query: Sized<"query"> & {
    readonly engine: QueryEngineKind;
    readonly dremioStorage: Quantity;
  };
  readonly chosen: Chosen;
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
      const isSecret = secretKeys.has(key);
      return `lakehouse:${path.join(".")} ${message}${isSecret ? "" : `, but is ${JSON.stringify(values[key])}`}`;
    }),
    ...(values["dashboardAuth"] === "oidc" ? oidcProblems(values) : []),
  ];
  if (result.success) {
    const clashes = contradictions(result.data);
    problems.push(...clashes.map(([key, message]) => `lakehouse:${key} ${message}`));
  }
  if (!result.success || problems.length > 0) {
    throw new RunError(
      `The configuration of stack "${getStack()}" cannot be used:\n` +
        problems.map((problem) => `  ${problem}\n`).join("") +
        `Pulumi.yaml describes each key; set them in Pulumi.${getStack()}.yaml.`,
    );
  }
  const keys = result.data;
  const sizes = tiers[keys.resourceTier];
  const isUpstreamImage = keys.images === "upstream";
  const ingress = dashboardIngress(keys);
  return {
    hostPort: (nodePort) => nodePort + keys.portOffset,
    images: {
      areUpstream: isUpstreamImage,
      registry: keys.imageRegistry === "none" ? undefined : keys.imageRegistry,
      references: keys.imageReferences,
    },
    cluster: clusterSettings(keys),
    kafka: {
      isUpstreamImage,
      size: sizes.kafka,
      brokers: keys.kafkaBrokers,
      partitions: keys.kafkaPartitions,
      storage: keys.kafkaStorage,
    },
    minio: { size: sizes.minio, storage: keys.minioStorage, queryEngine: keys.queryEngine },
    postgres: { isUpstreamImage, size: sizes.postgres, storage: keys.postgresStorage },
    redis: { isUpstreamImage, size: sizes.redis, storage: keys.redisStorage },
    nessie: { isUpstreamImage, size: sizes.nessie, replicas: keys.nessieReplicas },
    producer: { rate: keys.producerRate },
    streaming: {
      size: sizes.streaming,
      maxExecutors: keys.streamingMaxExecutors,
      triggerSeconds: keys.streamingTriggerSeconds,
      maxOffsets: keys.streamingMaxOffsets,
      alerts: {
        windowMinutes: keys.alertWindowMinutes,
        threshold: keys.alertThreshold,
        cooldownMinutes: keys.alertCooldownMinutes,
        minimumHistoryMinutes: keys.alertMinimumHistoryMinutes,
      },
    },
    features: {
      size: sizes.features,
      isEnabled: keys.features,
      timeToLive: keys.featuresTimeToLive,
    },
    notifier: {
      webhook: keys.alertWebhook === "off" ? undefined : secret(keys.alertWebhook),
      format: keys.alertWebhookFormat,
    },
    dashboard: {
      size: sizes.dashboard,
      auth: keys.dashboardAuth === "oidc" ? oidcAccess(keys, ingress?.host) : keys.dashboardAuth,
      ingress,
      maxReplicas: keys.dashboardMaxReplicas,
    },
    maintenance: {
      size: sizes.maintenance,
      schedule: keys.maintenance === "off" ? undefined : keys.maintenance,
    },
    replay: {
      schedule: keys.replaySchedule === "off" ? undefined : keys.replaySchedule,
      pace: keys.replayPace,
      isScheduledElsewhere: keys.airflow,
    },
    query: { size: sizes.query, engine: keys.queryEngine, dremioStorage: keys.dremioStorage },
    chosen: {
      cdc: keys.cdc,
      kafkaUi: keys.kafkaUi,
      airflow: keys.airflow,
      notebook: keys.notebook ? { storage: keys.notebookStorage } : undefined,
    },
  };
}
