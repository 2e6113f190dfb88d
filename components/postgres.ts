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
import { dataClaim, labels, podTemplate, service } from "./helpers/pod.ts";
import type { Quantity } from "./helpers/quantity.ts";
import { postgresGreeting, reachable } from "./helpers/reachable.ts";

/** Where a client finds its database, known once the database and its role exist. */
export interface DatabaseConnection {
  /** `host:port` inside of the cluster. */
  readonly address: Output<string>;
  readonly database: Output<string>;
  /** Secret with `username` and `password`. */
  readonly credentialsSecret: Output<string>;
}

export interface PostgresArgs {
  readonly namespace: Input<string>;
  readonly image: string;
  readonly nodePort: number;
  /** The port on this machine that leads to `nodePort`. */
  readonly hostPort: number;
  readonly storage: Quantity;
}

/** Postgres with one database for Nessie's versions and one for the features, each with its owner. */
export class Postgres extends ComponentResource {
  readonly nessie: DatabaseConnection;
  readonly lakehouse: DatabaseConnection;
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
    const database = (databaseName: string) =>
      createDatabase(name, databaseName, args.namespace, { parent: this, provider, server });
    this.nessie = database("nessie");
    this.lakehouse = database("lakehouse");
    this.notebook = () =>
      createReader(name, "notebook", this.lakehouse, args.namespace, {
        parent: this,
        provider,
        server,
      });
    this.registerOutputs({ nessie: this.nessie, lakehouse: this.lakehouse });
  }
}

function createServer(
  name: string,
  args: PostgresArgs,
  superuser: Credentials,
  parent: Resource,
): apps.v1.StatefulSet {
  new core.v1.Service(
    name,
    service(args.namespace, name, {
      type: "NodePort",
      selector: labels(name),
      ports: [{ name: "postgres", port: 5432, nodePort: args.nodePort }],
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
          args: serverSettings.flatMap((setting) => ["-c", setting]),
          env: { POSTGRES_PASSWORD_FILE: "/run/secrets/superuser/password" },
          ports: { postgres: 5432 },
          probe: { port: 5432 },
          resources: { cpu: "40m", memory: "64Mi", memoryLimit: "160Mi" },
          files: { superuser: { path: "/run/secrets/superuser", secret: superuser.secret } },
          dataPath: "/var/lib/postgresql/data",
          gracePeriodSeconds: 60,
        }),
        volumeClaimTemplates: [dataClaim(args.storage)],
      },
    },
    { parent },
  );
}

const serverSettings = [
  // Nessie's pointers and the features of some days: they fit, and the rest is the page cache's.
  "shared_buffers=32MB",
  // Nessie's pool has 20; each idle connection costs some 2 MB.
  "max_connections=50",
];

interface DatabaseOptions {
  readonly parent: Resource;
  readonly provider: Provider;
  readonly server: apps.v1.StatefulSet;
}

/** A database and the role of the same name that owns it; no other role may connect to it. */
function createDatabase(
  component: string,
  name: string,
  namespace: Input<string>,
  { parent, provider, server }: DatabaseOptions,
): DatabaseConnection {
  const { secret, password } = credentials(
    `${component}-${name}`,
    { namespace, entries: { username: name } },
    parent,
  );
  // Whoever deletes the server deletes these too; nothing needs to connect for that.
  const opts = { parent, provider, deletedWith: server };
  const role = new Role(`${component}-${name}`, { name, login: true, password }, opts);
  const database = new Database(`${component}-${name}`, { name, owner: role.name }, opts);
  // By default every role may connect to every database.
  const closed = new Grant(
    `${component}-${name}-public`,
    { database: database.name, role: "public", objectType: "database", privileges: [] },
    opts,
  );
  return {
    address: closed.database.apply(() => `${component}:5432`),
    database: closed.database,
    credentialsSecret: secret,
  };
}

/** A role that can read every table of another one's database, those to come as well. */
function createReader(
  component: string,
  name: string,
  { address, database }: DatabaseConnection,
  namespace: Input<string>,
  { parent, provider, server }: DatabaseOptions,
): DatabaseConnection {
  const logicalName = `${component}-${name}`;
  const { secret, password } = credentials(
    logicalName,
    { namespace, entries: { username: name } },
    parent,
  );
  const opts = { parent, provider, deletedWith: server };
  const role = new Role(logicalName, { name, login: true, password }, opts).name;
  new Grant(
    `${logicalName}-connect`,
    { database, role, objectType: "database", privileges: ["CONNECT"] },
    opts,
  );
  const readTables = {
    ...{ database, role, schema: "public" },
    ...{ objectType: "table", privileges: ["SELECT"] },
  };
  new Grant(`${logicalName}-read`, readTables, opts);
  // The owner has the name of the database.
  new DefaultPrivileges(`${logicalName}-read-new`, { ...readTables, owner: database }, opts);
  return { address, database, credentialsSecret: secret };
}
