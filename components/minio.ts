import { apps, core } from "@pulumi/kubernetes";
import { IamPolicy, IamUser, IamUserPolicyAttachment, Provider, S3Bucket } from "@pulumi/minio";
import {
  all,
  ComponentResource,
  type ComponentResourceOptions,
  type Input,
  output,
  type Output,
  type Resource,
} from "@pulumi/pulumi";

import { credentials, type Credentials } from "./helpers/credentials.ts";
import { dataClaim, labels, podTemplate, service } from "./helpers/pod.ts";
import type { QueryEngineKind } from "./config.ts";
import type { Quantity } from "./helpers/quantity.ts";
import { httpGreeting, reachable } from "./helpers/reachable.ts";

/** How one user reaches the object store, known once its buckets exist and it may use them. */
export interface ObjectStorageConnection {
  /** URL inside of the cluster. */
  readonly endpoint: Output<string>;
  /** Secret with `access-key` and `secret-key`. */
  readonly credentialsSecret: Output<string>;
}

export interface MinioArgs {
  readonly namespace: Input<string>;
  readonly image: string;
  readonly nodePort: number;
  /** The port on this machine that leads to `nodePort`. */
  readonly hostPort: number;
  readonly storage: Quantity;
  /** The engine behind the user `query`. */
  readonly queryEngine: QueryEngineKind;
}

const buckets = ["warehouse", "checkpoints", "storage", "bronze"] as const;
/** Where Dremio keeps reflections and results. */
const dremioBucket = "dremio";
type Bucket = (typeof buckets)[number] | typeof dremioBucket;
type Access = "read" | "write";
type Rights = Partial<Record<Bucket, Access>>;
type User = "spark" | "nessie" | "query" | "notebook";

/** What each user may do, and with which buckets; `write` includes reading and deleting. */
function rights(queryEngine: QueryEngineKind): Readonly<Record<User, Rights>> {
  return {
    spark: { warehouse: "write", checkpoints: "write" },
    nessie: { warehouse: "write" },
    query:
      queryEngine === "dremio"
        ? { warehouse: "read", [dremioBucket]: "write" }
        : { warehouse: "read" },
    // A user of its own, since Dremio's can write as well.
    notebook: { warehouse: "read" },
  };
}

/** The object store with its buckets, and a user with the least rights for each of its clients. */
export class Minio extends ComponentResource {
  readonly spark: ObjectStorageConnection;
  readonly nessie: ObjectStorageConnection;
  readonly query: ObjectStorageConnection;
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
          httpGreeting("MinIO", "/minio/health/ready"),
        ),
        minioUser: "root",
        minioPassword: root.password,
      },
      { parent: this },
    );
    const url = `http://${name}:9000`;
    // Whoever deletes the server deletes its buckets and users.
    const managed = { parent: this, provider, deletedWith: server };
    const needed = args.queryEngine === "dremio" ? [...buckets, dremioBucket] : buckets;
    const bucketNames = needed.map(
      (bucket) => new S3Bucket(`${name}-${bucket}`, { bucket, acl: "private" }, managed).bucket,
    );
    const allowed = rights(args.queryEngine);
    const connection = (user: User): ObjectStorageConnection => {
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
    this.notebook = () => connection("notebook");
    this.registerOutputs({ spark: this.spark, nessie: this.nessie, query: this.query });
  }
}

function createServer(
  name: string,
  args: MinioArgs,
  root: Credentials,
  parent: Resource,
): apps.v1.StatefulSet {
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
            // Collect garbage well before the limit is met.
            GOMEMLIMIT: "288MiB",
          },
          ports: { s3: 9000 },
          probe: { port: 9000, ready: "/minio/health/ready", live: "/minio/health/live" },
          resources: { cpu: "80m", memory: "128Mi", memoryLimit: "384Mi" },
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
  user: User,
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

const actions = {
  read: { bucket: ["s3:GetBucketLocation", "s3:ListBucket"], object: ["s3:GetObject"] },
  write: {
    bucket: ["s3:GetBucketLocation", "s3:ListBucket", "s3:ListBucketMultipartUploads"],
    object: [
      "s3:AbortMultipartUpload",
      "s3:DeleteObject",
      "s3:GetObject",
      "s3:ListMultipartUploadParts",
      "s3:PutObject",
    ],
  },
} as const satisfies Record<Access, unknown>;

/** The IAM policy that allows just this, as MinIO writes it. */
function policyDocument(access: Rights): string {
  return JSON.stringify({
    Version: "2012-10-17",
    Statement: Object.entries(access).flatMap(([bucket, level]) => [
      { Effect: "Allow", Action: actions[level].bucket, Resource: [`arn:aws:s3:::${bucket}`] },
      { Effect: "Allow", Action: actions[level].object, Resource: [`arn:aws:s3:::${bucket}/*`] },
    ]),
  });
}
