import { apps, core } from "@pulumi/kubernetes";
import {
  ComponentResource,
  type ComponentResourceOptions,
  type Input,
  interpolate,
} from "@pulumi/pulumi";

import { credentials } from "./helpers/credentials.ts";
import { dataClaim, labels, podTemplate, service, sparkUser } from "./helpers/pod.ts";
import type { Quantity } from "./helpers/quantity.ts";
import type { ObjectStorageConnection } from "./minio.ts";
import type { CatalogConnection } from "./nessie.ts";
import type { DatabaseConnection } from "./postgres.ts";
import type { QueryConnection } from "./query-engine.ts";

export interface NotebookArgs {
  readonly namespace: Input<string>;
  readonly image: string;
  readonly nodePort: number;
  /** Volume of the users' notebooks. */
  readonly storage: Quantity;
  readonly catalog: CatalogConnection;
  /** A user that can read the warehouse. */
  readonly objectStorage: ObjectStorageConnection;
  readonly query: QueryConnection;
  /** A user that can read the features. */
  readonly features: DatabaseConnection;
}

/** JupyterLab with Spark on the tables, for whoever has the generated token in the Secret `<name>-token`. */
export class Notebook extends ComponentResource {
  constructor(name: string, args: NotebookArgs, opts?: ComponentResourceOptions) {
    super("lakehouse:apps:Notebook", name, {}, opts);
    const { namespace, image, objectStorage, query, features } = args;
    const token = credentials(`${name}-token`, { namespace, passwordKey: "token" }, this);
    new core.v1.Service(
      name,
      service(namespace, name, {
        type: "NodePort",
        selector: labels(name),
        ports: [{ name: "http", port: 8888, nodePort: args.nodePort }],
      }),
      { parent: this },
    );
    new apps.v1.StatefulSet(
      name,
      {
        metadata: { name, namespace, labels: labels(name) },
        spec: {
          serviceName: name,
          selector: { matchLabels: labels(name) },
          template: podTemplate(name, {
            image,
            env: {
              JUPYTER_TOKEN_FILE: "/run/secrets/token/token",
              NESSIE_URI: interpolate`${args.catalog.uri}/api/v2`,
              S3_ENDPOINT: objectStorage.endpoint,
              FLIGHT_ADDRESS: query.address,
              FLIGHT_USER_FILE: "/run/secrets/query/username",
              FLIGHT_PASSWORD_FILE: "/run/secrets/query/password",
              POSTGRES_ADDRESS: features.address,
              POSTGRES_DATABASE: features.database,
              POSTGRES_USER_FILE: "/run/secrets/features/username",
              POSTGRES_PASSWORD_FILE: "/run/secrets/features/password",
            },
            // Spark's S3 client looks for them nowhere else.
            secretEnv: {
              AWS_ACCESS_KEY_ID: { secret: objectStorage.credentialsSecret, key: "access-key" },
              AWS_SECRET_ACCESS_KEY: { secret: objectStorage.credentialsSecret, key: "secret-key" },
            },
            ports: { http: 8888 },
            // The one page that is answered without the token.
            probe: { port: 8888, ready: "/api" },
            // 150 MiB for the server; each open notebook has a JVM and a Python, some 1 GiB.
            resources: { cpu: "20m", memory: "512Mi", memoryLimit: "2560Mi" },
            files: {
              token: { path: "/run/secrets/token", secret: token.secret },
              query: { path: "/run/secrets/query", secret: query.credentialsSecret },
              features: { path: "/run/secrets/features", secret: features.credentialsSecret },
            },
            dataPath: "/home/spark",
            user: sparkUser,
          }),
          volumeClaimTemplates: [dataClaim(args.storage)],
        },
      },
      { parent: this },
    );
    this.registerOutputs();
  }
}
