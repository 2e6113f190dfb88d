import { apps, core } from "@pulumi/kubernetes";
import { Database, DefaultPrivileges, Grant, Provider, Role } from "@pulumi/postgresql";
import {
  ComponentResource,
  type ComponentResourceOptions,
  type Input,
  type Output,
  type Resource,
} from "@pulumi/pulumi";

import { credentials, type Credentials } from "./helpers/credentials.ts";
import {
  dataClaim,
  labels,
  podTemplate,
  type Resources,
  service,
  upstreamPostgresUser,
} from "./helpers/pod.ts";
import type { Quantity } from "./helpers/quantity.ts";
import { postgresGreeting, reachable } from "./helpers/reachable.ts";
import { ourEntrypoint } from "./helpers/upstream-image.ts";

/** Where a client finds its database, known once the database and its role exist. */
export interface DatabaseConnection {
  /** `host:port` inside of the cluster. */
  readonly address: Output<string>;
  readonly database: Output<string>;
  /** Secret with `username` and `password`. */
  readonly credentialsSecret: Output<string>;
}

/** What it takes to make more databases, for the components that need their own. */
export interface DatabaseAdministration {
  /** Host name inside of the cluster. */
  readonly host: string;
  readonly provider: Provider;
  /** Whoever deletes the server deletes its databases and roles; nothing need connect for that. */
  readonly deletedWith: Resource;
}

/** A database as one of its roles reaches it. */
interface RoleInDatabase extends DatabaseConnection {
  /** Name of the role, known once it exists. */
  readonly role: Output<string>;
}

/** Size of the server. */
export interface PostgresSize {
  readonly sharedBuffers: `${number}MB`;
  /** Nessie's pool has 20 for each replica; each idle connection costs some 2 MB. */
  readonly maxConnections: number;
  readonly resources: Resources;
}

const laptop: PostgresSize = {
  // Nessie's pointers and the features of some days: they fit, and the rest is the page cache's.
  sharedBuffers: "32MB",
  maxConnections: 50,
  resources: { cpu: "40m", memory: "64Mi", memoryLimit: "160Mi" },
};

export interface PostgresArgs {
  readonly namespace: Input<string>;
  readonly image: string;
  readonly nodePort: number;
  /** The port on this machine that leads to `nodePort`. */
  readonly hostPort: number;
  readonly storage: Quantity;
  /** Whether `image` is the project's own. @default false, it is built from images/postgres */
  readonly isUpstreamImage?: boolean;
  /** @default that of a laptop */
  readonly size?: PostgresSize | undefined;
}

/**
 * Postgres with one database for Nessie's versions and one for the features, each with its owner.
 * The role `features` makes tables in the latter, which its owner may read.
 */
export class Postgres extends ComponentResource {
  readonly nessie: DatabaseConnection;
  readonly lakehouse: DatabaseConnection;
  /** The database `lakehouse`, as the role that writes features. */
  readonly features: RoleInDatabase;
  readonly administration: DatabaseAdministration;
  /** Makes Airflow's database, which there is not otherwise. */
  readonly airflow: () => DatabaseConnection;
  /** Makes the notebook's role, which can read the features; there is none otherwise. */
  readonly notebook: () => DatabaseConnection;

  constructor(name: string, args: PostgresArgs, opts?: ComponentResourceOptions) {
    super("lakehouse:storage:Postgres", name, {}, opts);
    const superuser = credentials(
      `${name}-superuser`,
      { namespace: args.namespace, entries: { username: "postgres" } },
      this,
    );
    const server = createServer(name, args, superuser, this);
    const provider = new Provider(
      name,
      {
        host: "localhost",
        // The address is only known once the server answers, so that nothing connects before.
        port: reachable(server.id, args.hostPort, postgresGreeting).apply(() => args.hostPort),
        username: "postgres",
        password: superuser.password,
        // The connection stays on this machine's loopback.
        sslmode: "disable",
      },
      { parent: this },
    );
    this.administration = { host: name, provider, deletedWith: server };
    const database = (databaseName: string) =>
      createDatabase(databaseName, args.namespace, this.administration, this);
    this.nessie = database("nessie");
    this.lakehouse = database("lakehouse");
    this.features = createWriter(
      "features",
      this.lakehouse,
      args.namespace,
      this.administration,
      this,
    );
    this.airflow = () => database("airflow");
    this.notebook = () =>
      createReader("notebook", this.features, args.namespace, this.administration, this);
    this.registerOutputs({
      nessie: this.nessie,
      lakehouse: this.lakehouse,
      features: this.features,
    });
  }
}

function createServer(
  name: string,
  args: PostgresArgs,
  superuser: Credentials,
  parent: Resource,
): apps.v1.StatefulSet {
  const { size = laptop } = args;
  new core.v1.Service(
    name,
    service(args.namespace, name, {
      type: "NodePort",
      selector: labels(name),
      ports: [{ name: "postgres", port: 5432, nodePort: args.nodePort }],
    }),
    { parent },
  );
  const start = args.isUpstreamImage && upstreamStart(name, args, parent);
  return new apps.v1.StatefulSet(
    name,
    {
      metadata: { name, namespace: args.namespace, labels: labels(name) },
      spec: {
        serviceName: name,
        selector: { matchLabels: labels(name) },
        template: podTemplate(name, {
          ...start,
          image: args.image,
          args: serverSettings(size).flatMap((setting) => ["-c", setting]),
          env: {
            POSTGRES_PASSWORD_FILE: "/run/secrets/superuser/password",
            ...(start && start.env),
          },
          ports: { postgres: 5432 },
          probe: { port: 5432 },
          resources: size.resources,
          files: {
            superuser: { path: "/run/secrets/superuser", secret: superuser.secret },
            ...(start && start.files),
          },
          dataPath: "/var/lib/postgresql/data",
          gracePeriodSeconds: 60,
        }),
        volumeClaimTemplates: [dataClaim(args.storage)],
      },
    },
    { parent },
  );
}

/** What the project's own image lacks, or has otherwise than ours. */
function upstreamStart(name: string, { namespace }: PostgresArgs, parent: Resource) {
  return {
    ...ourEntrypoint(name, { image: "postgres", path: "/opt/lakehouse" }, namespace, parent),
    env: { PGDATA: "/var/lib/postgresql/data/pgdata", PGHOST: "/tmp" },
    user: upstreamPostgresUser,
  };
}

const serverSettings = ({ sharedBuffers, maxConnections }: PostgresSize) => [
  `shared_buffers=${sharedBuffers}`,
  `max_connections=${maxConnections}`,
  // So that changes can be captured whenever lakehouse:cdc is set, without a restart.
  "wal_level=logical",
  // A reader of changes that stays away must not fill the volume: it is given up before.
  "max_slot_wal_keep_size=512MB",
];

/** A database and the role of the same name that owns it; no other role may connect to it. */
export function createDatabase(
  name: string,
  namespace: Input<string>,
  { host, provider, deletedWith }: DatabaseAdministration,
  parent: Resource,
): DatabaseConnection {
  const opts = { parent, provider, deletedWith };
  const { secret, role } = createRole(`${host}-${name}`, name, namespace, opts);
  const database = new Database(`${host}-${name}`, { name, owner: role.name }, opts);
  // By default every role may connect to every database.
  const closed = new Grant(
    `${host}-${name}-public`,
    { database: database.name, role: "public", objectType: "database", privileges: [] },
    opts,
  );
  return {
    address: closed.database.apply(() => `${host}:5432`),
    database: closed.database,
    credentialsSecret: secret,
  };
}

/** A role that makes tables in the schema `public` of a database; the owner may read them. */
function createWriter(
  name: string,
  { address, database }: DatabaseConnection,
  namespace: Input<string>,
  { host, provider, deletedWith }: DatabaseAdministration,
  parent: Resource,
): RoleInDatabase {
  const opts = { parent, provider, deletedWith };
  const { secret, role } = createRole(`${host}-${name}`, name, namespace, opts);
  const connecting = new Grant(
    `${host}-${name}-database`,
    { database, role: role.name, objectType: "database", privileges: ["CONNECT", "TEMPORARY"] },
    opts,
  );
  const making = new Grant(
    `${host}-${name}-schema`,
    {
      database: connecting.database,
      role: role.name,
      schema: "public",
      objectType: "schema",
      privileges: ["CREATE", "USAGE"],
    },
    opts,
  );
  const readable = new DefaultPrivileges(
    `${host}-${name}-readable`,
    {
      database: making.database,
      owner: role.name,
      // Each database's owner has its name.
      role: database,
      schema: "public",
      objectType: "table",
      privileges: ["SELECT"],
    },
    opts,
  );
  return {
    address,
    database: readable.database,
    credentialsSecret: secret,
    role: role.name,
  };
}

function createRole(
  resource: string,
  name: string,
  namespace: Input<string>,
  opts: { readonly parent: Resource; readonly provider: Provider; readonly deletedWith: Resource },
): { readonly secret: Output<string>; readonly role: Role } {
  const { secret, password } = credentials(
    resource,
    { namespace, entries: { username: name } },
    opts.parent,
  );
  const role = new Role(resource, { name, login: true, password }, opts);
  return { secret, role };
}

/** A role that can read every table that another role has made or will make in a database. */
function createReader(
  name: string,
  { address, database, role: owner }: RoleInDatabase,
  namespace: Input<string>,
  { host, provider, deletedWith }: DatabaseAdministration,
  parent: Resource,
): DatabaseConnection {
  const opts = { parent, provider, deletedWith };
  const { secret, role } = createRole(`${host}-${name}`, name, namespace, opts);
  new Grant(
    `${host}-${name}-connect`,
    { database, role: role.name, objectType: "database", privileges: ["CONNECT"] },
    opts,
  );
  const readTables = {
    ...{ database, role: role.name, schema: "public" },
    ...{ objectType: "table", privileges: ["SELECT"] },
  };
  new Grant(`${host}-${name}-read`, readTables, opts);
  new DefaultPrivileges(`${host}-${name}-read-new`, { ...readTables, owner }, opts);
  return { address, database, credentialsSecret: secret };
}
