import { globSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";

import { apps, batch, core } from "@pulumi/kubernetes";
import {
  ComponentResource,
  type ComponentResourceOptions,
  type Input,
  interpolate,
  type Output,
  type Resource,
} from "@pulumi/pulumi";

import { type Credentials, partUser } from "./helpers/credentials.ts";
import { dataClaim, dremioUser, labels, podTemplate, service } from "./helpers/pod.ts";
import type { Quantity } from "./helpers/quantity.ts";
import type { ObjectStorageConnection } from "./minio.ts";
import type { CatalogConnection } from "./nessie.ts";
import type { QueryConnection } from "./query-engine.ts";
import { versions } from "./versions.ts";

export interface DremioArgs {
  readonly namespace: Input<string>;
  /** Image with the bootstrap program. Dremio's own image is upstream's. */
  readonly bootstrapImage: string;
  /** Leads to Arrow Flight. */
  readonly nodePort: number;
  readonly catalog: CatalogConnection;
  /** A user that can read the warehouse and write the bucket `dremio`. */
  readonly objectStorage: ObjectStorageConnection;
  readonly dremioStorage: Quantity;
}

/**
 * Dremio on one node, coordinator and executor in one process, set up without a hand on it: with its
 * first user, the catalog as a source, views and reflections.
 */
export class Dremio extends ComponentResource implements QueryConnection {
  readonly address: Output<string>;
  readonly credentialsSecret: Output<string>;

  constructor(name: string, args: DremioArgs, opts?: ComponentResourceOptions) {
    // The type of the light engine: whoever changes the engine keeps user, password and Service.
    super("lakehouse:query:QueryEngine", name, {}, opts);
    const user = partUser(name, args.namespace, this);
    createServices(name, args, this);
    const server = createServer(name, args, this);
    const bootstrap = createBootstrap(name, server.metadata.name, user, args, this);
    this.address = bootstrap.metadata.name.apply(() => `${name}:32010`);
    this.credentialsSecret = user.secret;
    this.registerOutputs({ address: this.address, credentialsSecret: this.credentialsSecret });
  }
}

/** Flight for everybody, and the web page with its REST API inside of the cluster. */
function createServices(name: string, args: DremioArgs, parent: Resource): void {
  new core.v1.Service(
    name,
    service(args.namespace, name, {
      type: "NodePort",
      selector: labels(name),
      ports: [{ name: "flight", port: 32010, nodePort: args.nodePort }],
    }),
    { parent },
  );
  new core.v1.Service(
    `${name}-web`,
    service(args.namespace, `${name}-web`, {
      selector: labels(name),
      // By name: a pod of the light engine, if one is still there, has no such port.
      ports: [{ name: "web", port: 9047, targetPort: "web" }],
    }),
    { parent },
  );
}

function createServer(name: string, args: DremioArgs, parent: Resource): apps.v1.StatefulSet {
  const { namespace, objectStorage } = args;
  const config = new core.v1.ConfigMap(
    name,
    {
      metadata: { namespace, labels: labels(name) },
      data: { "core-site.xml": objectStorage.endpoint.apply((url) => coreSite(new URL(url))) },
    },
    { parent },
  );
  return new apps.v1.StatefulSet(
    name,
    {
      metadata: { name, namespace, labels: labels(name) },
      spec: {
        serviceName: name,
        selector: { matchLabels: labels(name) },
        template: podTemplate(name, {
          image: `docker.io/dremio/dremio-oss:${versions.dremio}`,
          env: {
            DREMIO_JAVA_SERVER_EXTRA_OPTS: Object.entries(settings)
              .map(([key, value]) => `-D${key}=${value}`)
              .join(" "),
            // The folder of core-site.xml: before Dremio's own jars, beside the image's own conf.
            DREMIO_CLASSPATH_USER_FIRST: "/opt/lakehouse/conf",
            DREMIO_MAX_HEAP_MEMORY_SIZE_MB: "2048",
            DREMIO_MAX_DIRECT_MEMORY_SIZE_MB: "2048",
          },
          secretEnv: {
            S3_ACCESS_KEY: { secret: objectStorage.credentialsSecret, key: "access-key" },
            S3_SECRET_KEY: { secret: objectStorage.credentialsSecret, key: "secret-key" },
          },
          ports: { flight: 32010, web: 9047 },
          probe: { port: 9047, ready: "/apiv2/server_status", live: "/", startSeconds: 600 },
          // Heap and direct memory, and 1 GiB for classes, compiled code and threads.
          resources: { cpu: "500m", memory: "4096Mi", memoryLimit: "5120Mi" },
          files: { config: { path: "/opt/lakehouse/conf", configMap: config.metadata.name } },
          dataPath: "/opt/dremio/data",
          scratch: { log: "/var/log/dremio" },
          user: dremioUser,
          // What it asks for itself before it is killed.
          gracePeriodSeconds: 120,
        }),
        volumeClaimTemplates: [dataClaim(args.dremioStorage)],
      },
    },
    { parent },
  );
}

/** What dremio.conf would hold, beyond the one in the image. */
const settings = {
  "paths.dist": "dremioS3:///dremio/dist",
  // Results are read once, by the node that made them.
  "paths.results": "pdfs:///opt/dremio/data/results",
  // A newer version converts the catalog of an older one when it starts.
  "services.coordinator.auto-upgrade": true,
} as const;

/**
 * Access to MinIO for Dremio's distributed store. The `${env...}` are for Hadoop, which takes them
 * from the environment.
 */
function coreSite(endpoint: URL): string {
  const properties = {
    "fs.dremioS3.impl": "com.dremio.plugins.s3.store.S3FileSystem",
    "fs.s3a.aws.credentials.provider": "org.apache.hadoop.fs.s3a.SimpleAWSCredentialsProvider",
    "fs.s3a.access.key": "${env.S3_ACCESS_KEY}",
    "fs.s3a.secret.key": "${env.S3_SECRET_KEY}",
    "fs.s3a.endpoint": endpoint.host,
    "fs.s3a.connection.ssl.enabled": endpoint.protocol === "https:",
    "fs.s3a.path.style.access": true,
    // Without it Dremio asks Amazon who the user is.
    "dremio.s3.compat": true,
    // The only one that it looks at; else it lists all that there are.
    "dremio.s3.whitelisted.buckets": "dremio",
  };
  const entries = Object.entries(properties).map(
    ([key, value]) => `  <property><name>${key}</name><value>${value}</value></property>\n`,
  );
  return `<?xml version="1.0"?>\n<configuration>\n${entries.join("")}</configuration>\n`;
}

/** The Job of k8s-jobs/dremio-bootstrap, which is run anew whenever something of it changes. */
function createBootstrap(
  name: string,
  server: Output<string>,
  user: Credentials,
  args: DremioArgs,
  parent: Resource,
): batch.v1.Job {
  const { namespace, objectStorage } = args;
  const views = new core.v1.ConfigMap(
    `${name}-views`,
    { metadata: { namespace, labels: labels(name) }, data: readViews() },
    { parent },
  );
  const job = `${name}-bootstrap`;
  return new batch.v1.Job(
    job,
    {
      metadata: { namespace, labels: labels(job) },
      spec: {
        // Each attempt waits for what is not there yet, so few are enough.
        backoffLimit: 2,
        template: podTemplate(job, {
          image: args.bootstrapImage,
          args: ["/app/dremio-bootstrap.mjs"],
          env: {
            // Known once the server is ready; the address is the Service's.
            DREMIO_URL: interpolate`http://${server}-web:9047`,
            NESSIE_URI: interpolate`${args.catalog.uri}/api/v2`,
            S3_ENDPOINT: objectStorage.endpoint,
            S3_ACCESS_KEY_FILE: "/run/secrets/object-storage/access-key",
            S3_SECRET_KEY_FILE: "/run/secrets/object-storage/secret-key",
            DREMIO_USER_FILE: "/run/secrets/user/username",
            DREMIO_PASSWORD_FILE: "/run/secrets/user/password",
            VIEWS: "/opt/lakehouse/views",
          },
          resources: { cpu: "20m", memory: "64Mi", memoryLimit: "160Mi" },
          files: {
            "object-storage": {
              path: "/run/secrets/object-storage",
              secret: objectStorage.credentialsSecret,
            },
            user: { path: "/run/secrets/user", secret: user.secret },
            views: { path: "/opt/lakehouse/views", configMap: views.metadata.name },
          },
          restartPolicy: "Never",
        }),
      },
    },
    // Twice what one attempt waits for Dremio, the catalog and the tables.
    { parent, customTimeouts: { create: "20m" } },
  );
}

/** The views of the space `lakehouse`: SQL by file name. */
function readViews(): Record<string, string> {
  const folder = resolve(import.meta.dirname, "../k8s-jobs/views");
  const files = globSync("*.sql", { cwd: folder }).toSorted();
  return Object.fromEntries(files.map((file) => [file, readFileSync(join(folder, file), "utf8")]));
}
