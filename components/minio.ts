import { apps, core } from "@pulumi/kubernetes";
import {
  IamPolicy,
  IamUser,
  IamUserPolicyAttachment,
  Provider,
  S3Bucket,
  S3BucketNotification,
} from "@pulumi/minio";
import {
  all,
  ComponentResource,
  type ComponentResourceOptions,
  type Input,
  output,
  type Output,
  type Resource,
} from "@pulumi/pulumi";

import type { QueryEngineKind } from "./config.ts";
import { bronzeEventQueues, bronzeEventTargets } from "./helpers/bronze-events.ts";
import { credentials, type Credentials } from "./helpers/credentials.ts";
import {
  airflowBucket,
  buckets,
  dremioBucket,
  type ObjectStorageUser,
  policyDocument,
  type Rights,
  rightsOf,
} from "./helpers/object-storage-rights.ts";
import { dataClaim, labels, podTemplate, type Resources, service } from "./helpers/pod.ts";
import type { Quantity } from "./helpers/quantity.ts";
import { httpGreeting, reachable } from "./helpers/reachable.ts";
import type { KafkaAddress } from "./kafka.ts";

/** How one user reaches the object store, known once its buckets exist and it may use them. */
export interface ObjectStorageConnection {
  /** URL inside of the cluster. */
  readonly endpoint: Output<string>;
  /** Secret with `access-key` and `secret-key`. */
  readonly credentialsSecret: Output<string>;
}

/** Size of the server. */
export interface MinioSize {
  /** Garbage is collected well before this is met, as Go writes it. */
  readonly memoryGoal: `${number}MiB`;
  readonly resources: Resources;
}

const laptop: MinioSize = {
  memoryGoal: "288MiB",
  resources: { cpu: "80m", memory: "128Mi", memoryLimit: "384Mi" },
};

export interface MinioArgs {
  readonly namespace: Input<string>;
  readonly image: string;
  readonly nodePort: number;
  /** The port on this machine that leads to `nodePort`. */
  readonly hostPort: number;
  readonly storage: Quantity;
  /** @default that of a laptop */
  readonly size?: MinioSize | undefined;
  /** The engine behind the user `query`. */
  readonly queryEngine: QueryEngineKind;
  /** Is told of new objects in `bronze`. It need not be there yet. */
  readonly kafka: KafkaAddress;
}

/** The object store with its buckets, and a user with the least rights for each of its clients. */
export class Minio extends ComponentResource {
  readonly spark: ObjectStorageConnection;
  readonly nessie: ObjectStorageConnection;
  readonly query: ObjectStorageConnection;
  /** Writes `storage`. */
  readonly loader: ObjectStorageConnection;
  /** Reads `storage` and writes `bronze`, whose events are subscribed to by then. */
  readonly copier: ObjectStorageConnection;
  /** Makes Airflow's bucket and user, which there are not otherwise. */
  readonly airflow: () => ObjectStorageConnection;
  /** Makes the notebook's user, which there is not otherwise. */
  readonly notebook: () => ObjectStorageConnection;

  constructor(name: string, args: MinioArgs, opts?: ComponentResourceOptions) {
    super("lakehouse:storage:Minio", name, {}, opts);
    const root = credentials(
      `${name}-root`,
      { namespace: args.namespace, entries: { user: "root" } },
      this,
    );
    const server = createServer(name, args, root, this);
    const provider = new Provider(
      name,
      {
        minioServer: reachable(
          server.id,
          args.hostPort,
          httpGreeting("MinIO", "svc/minio:9000", "/minio/health/ready"),
        ),
        minioUser: "root",
        minioPassword: root.password,
      },
      { parent: this },
    );
    const url = `http://${name}:9000`;
    // Whoever deletes the server deletes its buckets and users.
    const managed = { parent: this, provider, deletedWith: server };
    const createBucket = (bucket: string) =>
      new S3Bucket(`${name}-${bucket}`, { bucket, acl: "private" }, managed).bucket;
    const needed = args.queryEngine === "dremio" ? [...buckets, dremioBucket] : buckets;
    const bucketNames = needed.map((bucket) => createBucket(bucket));
    const events = new S3BucketNotification(
      `${name}-bronze`,
      { bucket: all(bucketNames).apply(() => "bronze"), queues: bronzeEventQueues },
      managed,
    );
    const allowed = rightsOf(args.queryEngine);
    const connection = (user: ObjectStorageUser): ObjectStorageConnection => {
      const { secret, password } = credentials(
        `${name}-${user}`,
        {
          namespace: args.namespace,
          entries: { "access-key": user },
          passwordKey: "secret-key",
        },
        this,
      );
      const attachment = createUser(`${name}-${user}`, user, password, allowed[user], managed);
      return {
        endpoint: all([attachment.policyName, ...bucketNames]).apply(() => url),
        credentialsSecret: secret,
      };
    };
    this.spark = connection("spark");
    // Nessie starts without its store and looks for it only when a client asks: no need to wait.
    this.nessie = { ...connection("nessie"), endpoint: output(url) };
    this.query = connection("query");
    this.loader = connection("loader");
    const copier = connection("copier");
    this.copier = { ...copier, endpoint: all([copier.endpoint, events.id]).apply(([to]) => to) };
    this.airflow = () => {
      const bucket = createBucket(airflowBucket);
      const { endpoint, credentialsSecret } = connection("airflow");
      return { endpoint: all([endpoint, bucket]).apply(([to]) => to), credentialsSecret };
    };
    this.notebook = () => connection("notebook");
    const { spark, nessie, query, loader } = this;
    this.registerOutputs({ spark, nessie, query, loader, copier: this.copier });
  }
}

function createServer(
  name: string,
  args: MinioArgs,
  root: Credentials,
  parent: Resource,
): apps.v1.StatefulSet {
  const { size = laptop } = args;
  new core.v1.Service(
    name,
    service(args.namespace, name, {
      type: "NodePort",
      selector: labels(name),
      ports: [{ name: "s3", port: 9000, nodePort: args.nodePort }],
    }),
    { parent },
  );
  return new apps.v1.StatefulSet(
    name,
    {
      metadata: { name, namespace: args.namespace, labels: labels(name) },
      spec: {
        serviceName: name,
        selector: { matchLabels: labels(name) },
        template: podTemplate(name, {
          image: args.image,
          env: {
            MINIO_ROOT_USER_FILE: "/run/secrets/root/user",
            MINIO_ROOT_PASSWORD_FILE: "/run/secrets/root/password",
            // The store is used by programs; its console would be one more thing to guard.
            MINIO_BROWSER: "off",
            // Nothing newer will be published, and the cluster may have no way out.
            MINIO_UPDATE: "off",
            GOMEMLIMIT: size.memoryGoal,
            // Hidden: beside the buckets, and no possible name of one.
            ...bronzeEventTargets(args.kafka.address, "/data/.kafka-events"),
          },
          ports: { s3: 9000 },
          probe: { port: 9000, ready: "/minio/health/ready", live: "/minio/health/live" },
          resources: size.resources,
          files: { root: { path: "/run/secrets/root", secret: root.secret } },
          dataPath: "/data",
        }),
        volumeClaimTemplates: [dataClaim(args.storage)],
      },
    },
    { parent },
  );
}

interface UserOptions {
  readonly parent: Resource;
  readonly provider: Provider;
  readonly deletedWith: Resource;
}

function createUser(
  name: string,
  user: ObjectStorageUser,
  secret: Output<string>,
  allowed: Rights,
  opts: UserOptions,
): IamUserPolicyAttachment {
  const account = new IamUser(name, { name: user, secret }, opts);
  const policy = new IamPolicy(name, { name: user, policy: policyDocument(allowed) }, opts);
  return new IamUserPolicyAttachment(
    name,
    { userName: account.name, policyName: policy.name },
    opts,
  );
}
