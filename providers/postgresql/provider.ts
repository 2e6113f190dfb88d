import official from "@pulumi/postgresql/package.json" with { type: "json" };
import type { ProviderDefinition } from "../runtime/provider.ts";
import { configSchema, connectionOptions } from "./config.ts";
import { PostgresConnection } from "./connection.ts";
import { database } from "./database.ts";
import { defaultPrivileges } from "./default-privileges.ts";
import { extension } from "./extension.ts";
import { grantRole } from "./grant-role.ts";
import { grant } from "./grant.ts";
import { publication } from "./publication.ts";
import { replicationSlot } from "./replication-slot.ts";
import { role } from "./role.ts";
import { schema } from "./schema.ts";

/** Stands in for the official PostgreSQL plugin. */
export const postgresqlProvider: ProviderDefinition<typeof configSchema, PostgresConnection> = {
  name: "postgresql",
  version: official.version,
  config: configSchema,
  configure: (config) => new PostgresConnection(connectionOptions(config, process.env)),
  resources: {
    "postgresql:index/database:Database": database,
    "postgresql:index/defaultPrivileges:DefaultPrivileges": defaultPrivileges,
    "postgresql:index/extension:Extension": extension,
    "postgresql:index/grant:Grant": grant,
    "postgresql:index/grantRole:GrantRole": grantRole,
    "postgresql:index/publication:Publication": publication,
    "postgresql:index/replicationSlot:ReplicationSlot": replicationSlot,
    "postgresql:index/role:Role": role,
    "postgresql:index/schema:Schema": schema,
  },
};
