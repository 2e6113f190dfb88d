import { apps, core } from "@pulumi/kubernetes";
import {
  ComponentResource,
  type ComponentResourceOptions,
  type Input,
  interpolate,
  type Output,
} from "@pulumi/pulumi";

import { partUser } from "./helpers/credentials.ts";
import { labels, podTemplate, type Resources, service } from "./helpers/pod.ts";
import type { ObjectStorageConnection } from "./minio.ts";
import type { CatalogConnection } from "./nessie.ts";

/** Where SQL is asked over Arrow Flight, known once it is answered. */
export interface QueryConnection {
  /** `host:port` inside of the cluster. */
  readonly address: Output<string>;
  /** Secret with `username` and `password`. */
  readonly credentialsSecret: Output<string>;
}

/** Size of the engine. */
export interface QuerySize {
  /** What DuckDB may use before it spills. */
  readonly memory: `${number}MB`;
  readonly threads: number;
  readonly resources: Resources;
}

/**
 * 256 MiB for DuckDB, which then spills; the rest for Python and for what is read ahead of the queries:
 * a sort of 2.5 million wide rows took 800 MiB together.
 */
const laptop: Resources = { cpu: "80m", memory: "256Mi", memoryLimit: "1024Mi" };

export interface QueryEngineArgs {
  readonly namespace: Input<string>;
  readonly image: string;
  readonly nodePort: number;
  readonly catalog: CatalogConnection;
  /** A user that can read the warehouse. */
  readonly objectStorage: ObjectStorageConnection;
  /** @default that of a laptop, as the image has it */
  readonly size?: QuerySize | undefined;
}

/** The light query engine: SQL over the Iceberg tables, spoken over Arrow Flight. */
export class QueryEngine extends ComponentResource implements QueryConnection {
  readonly address: Output<string>;
  readonly credentialsSecret: Output<string>;

  constructor(name: string, args: QueryEngineArgs, opts?: ComponentResourceOptions) {
    super("lakehouse:query:QueryEngine", name, {}, opts);
    const { namespace, objectStorage, size } = args;
    const user = partUser(name, namespace, this);
    new core.v1.Service(
      name,
      service(namespace, name, {
        type: "NodePort",
        selector: labels(name),
        ports: [{ name: "flight", port: 32010, nodePort: args.nodePort }],
      }),
      { parent: this },
    );
    const server = new apps.v1.Deployment(
      name,
      {
        metadata: { name, namespace, labels: labels(name) },
        spec: {
          selector: { matchLabels: labels(name) },
          template: podTemplate(name, {
            image: args.image,
            env: {
              PORT: "32010",
              NESSIE_URI: args.catalog.uri,
              S3_ENDPOINT: objectStorage.endpoint,
              S3_ACCESS_KEY_FILE: "/run/secrets/object-storage/access-key",
              S3_SECRET_KEY_FILE: "/run/secrets/object-storage/secret-key",
              FLIGHT_USER_FILE: "/run/secrets/user/username",
              FLIGHT_PASSWORD_FILE: "/run/secrets/user/password",
              ...(size && {
                QUERY_MEMORY_LIMIT: size.memory,
                QUERY_THREADS: String(size.threads),
              }),
            },
            ports: { flight: 32010 },
            probe: { port: 32010 },
            resources: size?.resources ?? laptop,
            files: {
              "object-storage": {
                path: "/run/secrets/object-storage",
                secret: objectStorage.credentialsSecret,
              },
              user: { path: "/run/secrets/user", secret: user.secret },
            },
          }),
        },
      },
      { parent: this },
    );
    this.address = interpolate`${server.metadata.name}:32010`;
    this.credentialsSecret = user.secret;
    this.registerOutputs({ address: this.address, credentialsSecret: this.credentialsSecret });
  }
}
