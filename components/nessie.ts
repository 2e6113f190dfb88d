import { apps, core } from "@pulumi/kubernetes";
import {
  ComponentResource,
  type ComponentResourceOptions,
  type Input,
  interpolate,
  type Output,
} from "@pulumi/pulumi";

import { oneAtATime } from "./helpers/disruption.ts";
import { labels, podTemplate, type Resources, service } from "./helpers/pod.ts";
import { properties } from "./helpers/properties.ts";
import type { ObjectStorageConnection } from "./minio.ts";
import type { DatabaseConnection } from "./postgres.ts";

/** Where clients find the catalog. */
export interface CatalogConnection {
  /**
   * URL without a path; /api/v2 is Nessie's own interface, /iceberg Iceberg's REST catalog. It is
   * known once the catalog serves.
   */
  readonly uri: Output<string>;
  /** The same, for clients that start side by side with the catalog and wait for it themselves. */
  readonly address: string;
}

/** Size of a replica. */
export interface NessieSize {
  readonly javaOptions: string;
  readonly resources: Resources;
}

const laptop: NessieSize = {
  // Serial: the smallest collector, and the fastest to start, for a heap of this size. Without the
  // slow compiler, which took a third of its start.
  javaOptions: "-Xms128m -Xmx288m -XX:+UseSerialGC -XX:TieredStopAtLevel=1",
  // The heap and some 200Mi for classes, compiled code and threads.
  resources: { cpu: "80m", memory: "288Mi", memoryLimit: "512Mi" },
};

export interface NessieArgs {
  readonly namespace: Input<string>;
  readonly image: string;
  readonly nodePort: number;
  /** Where it keeps branches, commits and pointers to tables. */
  readonly database: DatabaseConnection;
  /** Where the tables are, for clients that come over Iceberg's REST. */
  readonly objectStorage: ObjectStorageConnection;
  /** Whether `image` is the project's own. @default false, it is built from images/nessie */
  readonly isUpstreamImage?: boolean;
  /** They share their database; references are not cached, so that each sees the other's commits. @default 1 */
  readonly replicas?: number;
  /** @default that of a laptop */
  readonly size?: NessieSize | undefined;
}

/** The catalog of the Iceberg tables: Nessie, with its versions in Postgres. */
export class Nessie extends ComponentResource implements CatalogConnection {
  readonly uri: Output<string>;
  readonly address: string;

  constructor(name: string, args: NessieArgs, opts?: ComponentResourceOptions) {
    super("lakehouse:catalog:Nessie", name, {}, opts);
    const { namespace, database, objectStorage, replicas = 1, size = laptop } = args;
    const config = new core.v1.ConfigMap(
      name,
      {
        metadata: { namespace, labels: labels(name) },
        data: {
          "application.properties": interpolate`${properties(settings)}\
quarkus.datasource.postgresql.jdbc.url=jdbc:postgresql://${database.address}/${database.database}
nessie.catalog.service.s3.default-options.endpoint=${objectStorage.endpoint}/
`,
        },
      },
      { parent: this },
    );
    new core.v1.Service(
      name,
      service(namespace, name, {
        type: "NodePort",
        selector: labels(name),
        ports: [
          { name: "api", port: 19120, nodePort: args.nodePort },
          { name: "management", port: 9000 },
        ],
      }),
      { parent: this },
    );
    const server = new apps.v1.Deployment(
      name,
      {
        metadata: { name, namespace, labels: labels(name) },
        spec: {
          ...(replicas > 1 && { replicas }),
          selector: { matchLabels: labels(name) },
          template: podTemplate(name, {
            ...(args.isUpstreamImage && upstreamStart),
            image: args.image,
            env: { JAVA_TOOL_OPTIONS: size.javaOptions },
            secretEnv: {
              DATABASE_USERNAME: { secret: database.credentialsSecret, key: "username" },
              DATABASE_PASSWORD: { secret: database.credentialsSecret, key: "password" },
              S3_ACCESS_KEY: { secret: objectStorage.credentialsSecret, key: "access-key" },
              S3_SECRET_KEY: { secret: objectStorage.credentialsSecret, key: "secret-key" },
            },
            ports: { api: 19120, management: 9000 },
            probe: { port: 9000, ready: "/q/health/ready", live: "/q/health/live" },
            resources: size.resources,
            files: { config: { path: "/opt/nessie/config", configMap: config.metadata.name } },
          }),
        },
      },
      { parent: this },
    );
    if (replicas > 1) oneAtATime(name, namespace, this);
    this.address = `http://${name}:19120`;
    this.uri = interpolate`http://${server.metadata.name}:19120`;
    this.registerOutputs({ uri: this.uri });
  }
}

/** Ours has one jar, the project's own image has Quarkus' folder of them. */
const upstreamStart = {
  command: ["java", "-XX:+ExitOnOutOfMemoryError", "-jar", "/deployments/quarkus-run.jar"],
  // Quarkus reads config/application.properties of its working directory.
  workingDirectory: "/opt/nessie",
};

/** The `${...}` are for Quarkus, which takes them from the environment. */
const settings = {
  "nessie.version.store.type": "JDBC2",
  "nessie.version.store.persist.jdbc.datasource": "postgresql",
  "quarkus.datasource.postgresql.username": "${DATABASE_USERNAME}",
  "quarkus.datasource.postgresql.password": "${DATABASE_PASSWORD}",
  "nessie.catalog.default-warehouse": "warehouse",
  "nessie.catalog.warehouses.warehouse.location": "s3://warehouse/",
  "nessie.catalog.service.s3.default-options.path-style-access": true,
  // Any region will do for MinIO, but the S3 client insists on one.
  "nessie.catalog.service.s3.default-options.region": "us-east-1",
  // The name must not start with `nessie.catalog.`: Nessie 0.99 takes such a one for a setting.
  "nessie.catalog.service.s3.default-options.access-key":
    "urn:nessie-secret:quarkus:object-storage",
  "object-storage.name": "${S3_ACCESS_KEY}",
  "object-storage.secret": "${S3_SECRET_KEY}",
  // Spark and the query engine read files by themselves: they can go on while MinIO restarts.
  "nessie.catalog.object-stores.health-check.enabled": false,
} as const;
