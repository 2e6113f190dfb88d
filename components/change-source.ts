import { DefaultPrivileges, Grant, Publication, ReplicationSlot, Role } from "@pulumi/postgresql";
import {
  all,
  ComponentResource,
  type ComponentResourceOptions,
  type Input,
  type Output,
} from "@pulumi/pulumi";

import { credentials } from "./helpers/credentials.ts";
import {
  createDatabase,
  type DatabaseAdministration,
  type DatabaseConnection,
} from "./postgres.ts";

export interface ChangeSourceArgs {
  readonly namespace: Input<string>;
  readonly administration: DatabaseAdministration;
}

/** A database of Postgres whose changes can be read, from its first row on. */
export class ChangeSource extends ComponentResource {
  /** The database, as its owner reaches it. */
  readonly database: DatabaseConnection;
  readonly publication: Output<string>;
  readonly slot: Output<string>;
  /** Secret with `username` and `password` of the role that reads the changes, known once it can. */
  readonly replicationSecret: Output<string>;

  constructor(name: string, args: ChangeSourceArgs, opts?: ComponentResourceOptions) {
    super("lakehouse:storage:ChangeSource", name, {}, opts);
    const { namespace, administration } = args;
    const { host, provider, deletedWith } = administration;
    const managed = { parent: this, provider, deletedWith };
    this.database = createDatabase(name, namespace, administration, this);
    const { database } = this.database;

    const reader = `${name}_replication`;
    const { secret, password } = credentials(
      `${host}-${name}-replication`,
      { namespace, entries: { username: reader } },
      this,
    );
    const role = new Role(
      `${name}-replication`,
      { name: reader, login: true, replication: true, password },
      managed,
    );
    const entrance = new Grant(
      `${name}-replication`,
      { database, role: role.name, objectType: "database", privileges: ["CONNECT"] },
      managed,
    );
    // Tables are made by the owner, later.
    const reading = new DefaultPrivileges(
      `${name}-replication`,
      {
        database,
        role: role.name,
        owner: name,
        schema: "public",
        objectType: "table",
        privileges: ["SELECT"],
      },
      managed,
    );
    // Of all tables, since there is none yet.
    const publication = new Publication(name, { name, database, allTables: true }, managed);
    const slot = new ReplicationSlot(
      name,
      // After the publication: what is written before cannot be read by its name.
      { name, database: publication.database, plugin: "pgoutput" },
      managed,
    );
    this.publication = publication.name;
    this.slot = slot.name;
    // Whoever reads is gone before the slot goes, which Postgres keeps while it is read.
    this.replicationSecret = all([secret, entrance.id, reading.id, slot.id]).apply(
      ([known]) => known,
    );
    this.registerOutputs({ database: this.database, slot: this.slot });
  }
}
