import type { Resources } from "./helpers/pod.ts";
import type { KafkaSize } from "./kafka.ts";
import type { MaintenanceSize } from "./maintenance.ts";
import type { MinioSize } from "./minio.ts";
import type { NessieSize } from "./nessie.ts";
import type { PostgresSize } from "./postgres.ts";
import type { QuerySize } from "./query-engine.ts";
import type { RedisSize } from "./redis.ts";
import type { SparkPodSize } from "./spark-application.ts";
import type { StreamingSize } from "./streaming.ts";

/** Sizes of the parts that grow with the load. */
export interface Sizes {
  readonly kafka: KafkaSize;
  readonly minio: MinioSize;
  readonly postgres: PostgresSize;
  readonly redis: RedisSize;
  readonly nessie: NessieSize;
  readonly streaming: StreamingSize;
  readonly features: SparkPodSize;
  readonly maintenance: MaintenanceSize;
  readonly query: QuerySize;
  readonly dashboard: Resources;
}

/** How large the parts are, all together. */
export type Tier = "laptop" | "small" | "large";

/** A few thousand events a second on three nodes of 4 cores and 16 GiB. */
const small: Sizes = {
  // Of each node's memory about half is page cache, which the stream reads from.
  kafka: {
    heapOptions: "-Xms768m -Xmx768m",
    resources: { cpu: "500m", memory: "1792Mi", memoryLimit: "2048Mi" },
  },
  minio: {
    memoryGoal: "1536MiB",
    resources: { cpu: "500m", memory: "1024Mi", memoryLimit: "2048Mi" },
  },
  postgres: {
    sharedBuffers: "256MB",
    // Four replicas of Nessie with 20 each, and everybody else.
    maxConnections: 120,
    resources: { cpu: "250m", memory: "512Mi", memoryLimit: "1024Mi" },
  },
  redis: {
    maxMemory: "256mb",
    resources: { cpu: "100m", memory: "256Mi", memoryLimit: "512Mi" },
  },
  nessie: {
    javaOptions: "-Xms256m -Xmx768m",
    resources: { cpu: "250m", memory: "768Mi", memoryLimit: "1280Mi" },
  },
  streaming: {
    driver: { cores: 1, cpu: "500m", heapMiB: 1536, overheadMiB: 768 },
    executor: { cores: 2, cpu: "1000m", heapMiB: 2048, overheadMiB: 768 },
    alone: { cores: 2, cpu: "1500m", heapMiB: 3072, overheadMiB: 1024 },
  },
  features: { cores: 2, cpu: "500m", heapMiB: 1024, overheadMiB: 768 },
  maintenance: {
    heapMiB: 1024,
    resources: { cpu: "250m", memory: "1024Mi", memoryLimit: "1536Mi" },
  },
  query: {
    memory: "1024MB",
    threads: 2,
    resources: { cpu: "500m", memory: "1024Mi", memoryLimit: "3072Mi" },
  },
  dashboard: { cpu: "100m", memory: "160Mi", memoryLimit: "320Mi" },
};

/** Some ten thousand events a second on three nodes of 8 cores and 32 GiB. */
const large: Sizes = {
  kafka: {
    heapOptions: "-Xms2g -Xmx2g",
    resources: { cpu: "1500m", memory: "6144Mi", memoryLimit: "6144Mi", cpuLimit: "4" },
  },
  minio: {
    memoryGoal: "6144MiB",
    resources: { cpu: "1500m", memory: "4096Mi", memoryLimit: "8192Mi", cpuLimit: "4" },
  },
  postgres: {
    sharedBuffers: "1024MB",
    maxConnections: 200,
    resources: { cpu: "500m", memory: "2048Mi", memoryLimit: "4096Mi" },
  },
  redis: {
    maxMemory: "1024mb",
    resources: { cpu: "250m", memory: "1024Mi", memoryLimit: "2048Mi" },
  },
  nessie: {
    javaOptions: "-Xms512m -Xmx1536m",
    resources: { cpu: "500m", memory: "1536Mi", memoryLimit: "2304Mi" },
  },
  streaming: {
    driver: { cores: 2, cpu: "1500m", heapMiB: 4096, overheadMiB: 1536 },
    executor: { cores: 4, cpu: "2000m", heapMiB: 6144, overheadMiB: 1536, cpuLimit: "4" },
    alone: { cores: 4, cpu: "3500m", heapMiB: 8192, overheadMiB: 2048, cpuLimit: "4" },
  },
  features: { cores: 2, cpu: "1000m", heapMiB: 2048, overheadMiB: 1024 },
  maintenance: {
    heapMiB: 2048,
    resources: { cpu: "500m", memory: "2048Mi", memoryLimit: "2816Mi" },
  },
  query: {
    memory: "4096MB",
    threads: 4,
    resources: { cpu: "1000m", memory: "4096Mi", memoryLimit: "8192Mi", cpuLimit: "4" },
  },
  dashboard: { cpu: "250m", memory: "256Mi", memoryLimit: "512Mi" },
};

/**
 * Sizes of each tier; a laptop's are the components' own defaults. Those of the other two follow from
 * the laptop's measured ones and the settings beside them, and were not loaded yet.
 */
export const tiers: Readonly<Record<Tier, Partial<Sizes>>> = { laptop: {}, small, large };
