import { boolean, identifier, literal } from "./sql.ts";

/** What a publication can publish, in the order in which Postgres names it. */
export const OPERATIONS = ["insert", "update", "delete", "truncate"] as const;
export type Operation = (typeof OPERATIONS)[number];

/** What a publication publishes, and how. Undefined stands for the server's own choice. */
export interface PublicationSettings {
  readonly allTables?: boolean | undefined;
  readonly tables?: readonly string[] | undefined;
  readonly publishParams?: readonly Operation[] | undefined;
  readonly publishViaPartitionRootParam?: boolean | undefined;
}

/** The statement that makes a publication. */
export function createPublication(name: string, settings: PublicationSettings): string {
  const { allTables, tables = [] } = settings;
  const what = tables.length > 0 ? [`FOR TABLE ${tables.map(tableName).join(", ")}`] : [];
  const options = publicationOptions(settings);
  return [
    `CREATE PUBLICATION ${identifier(name)}`,
    ...(allTables === true ? ["FOR ALL TABLES"] : what),
    ...(options.length > 0 ? [`WITH (${options.join(", ")})`] : []),
  ].join(" ");
}

/** The statements that bring a publication from one state to another, but for its name and owner. */
export function alterPublication(
  name: string,
  before: PublicationSettings,
  after: PublicationSettings,
): string[] {
  const target = `ALTER PUBLICATION ${identifier(name)}`;
  const added = missingIn(before.tables, after.tables);
  const dropped = after.tables === undefined ? [] : missingIn(after.tables, before.tables);
  const changed = publicationOptions(after).filter(
    (option) => !publicationOptions(before).includes(option),
  );
  return [
    ...added.map((table) => `${target} ADD TABLE ${tableName(table)}`),
    ...dropped.map((table) => `${target} DROP TABLE ${tableName(table)}`),
    ...(changed.length > 0 ? [`${target} SET (${changed.join(", ")})`] : []),
  ];
}

function publicationOptions({
  publishParams,
  publishViaPartitionRootParam: viaRoot,
}: PublicationSettings): string[] {
  const published = OPERATIONS.filter((operation) => publishParams?.includes(operation));
  return [
    ...(publishParams === undefined ? [] : [`publish = ${literal(published.join(", "))}`]),
    ...(viaRoot === undefined ? [] : [`publish_via_partition_root = ${boolean(viaRoot)}`]),
  ];
}

function missingIn(some: readonly string[] = [], others: readonly string[] = []): string[] {
  return others.filter((other) => !some.includes(other));
}

/** Quotes `SCHEMA.TABLE`. */
function tableName(table: string): string {
  return table.split(".", 2).map(identifier).join(".");
}
