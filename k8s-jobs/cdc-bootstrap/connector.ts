import type { Settings } from "./settings.ts";

/** The connector's name, and what the names of its topics begin with. */
export const connectorName = "shop";

/** Prefix of the messages that are for nobody but the connector itself. */
const heartbeat = "heartbeat";

/**
 * How Debezium captures public.orders, into the topic `shop.public.orders`.
 * https://debezium.io/documentation/reference/3.5/connectors/postgresql.html
 */
export function connectorConfig(settings: Settings): Record<string, string> {
  const { database, replicationCredentials } = settings;
  return {
    "connector.class": "io.debezium.connector.postgresql.PostgresConnector",
    // There is one stream of changes.
    "tasks.max": "1",
    "topic.prefix": connectorName,
    "table.include.list": "public.orders",
    "database.hostname": database.host,
    "database.port": String(database.port),
    "database.dbname": database.name,
    // Connect reads these from the files, and keeps and shows but the references.
    "database.user": `\${directory:${replicationCredentials}:username}`,
    "database.password": `\${directory:${replicationCredentials}:password}`,
    "plugin.name": "pgoutput",
    "publication.name": settings.publication,
    "publication.autocreate.mode": "disabled",
    "slot.name": settings.slot,
    // The slot is older than the table, so it has every row. A snapshot beside a slot that exists
    // would miss what is committed between the look at the table and that at the log.
    "snapshot.mode": "no_data",
    // While only other databases are written nothing would come by to be confirmed, and the server
    // would keep its log. So each heartbeat leaves a message in the log, and confirms the one before.
    // (`lsn.flush.mode: connector_and_driver` confirms more than Connect has noted down, which
    // Debezium then takes for a gap when it starts again.)
    "heartbeat.interval.ms": "10000",
    "heartbeat.action.query": `SELECT pg_logical_emit_message(true, '${heartbeat}', '')`,
    "message.prefix.exclude.list": heartbeat,
    // By default a TRUNCATE is left out.
    "skipped.operations": "none",
    // Exact, where a double is not.
    "decimal.handling.mode": "string",
  };
}
