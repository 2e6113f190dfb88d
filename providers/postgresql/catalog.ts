import type { PostgresConnection, Session } from "./connection.ts";
import { codeOf, SqlState } from "./errors.ts";

/** Runs queries in a database; `undefined` if there is no such database. */
export async function readIn<Result>(
  postgres: PostgresConnection,
  database: string,
  task: (session: Session) => Promise<Result>,
): Promise<Result | undefined> {
  try {
    return await postgres.read(task, database);
  } catch (error) {
    if (codeOf(error) === SqlState.invalidCatalogName) return undefined;
    throw error;
  }
}

/** Runs statements in a database, all or none; nothing to do if there is no such database. */
export async function changeIn(
  postgres: PostgresConnection,
  database: string,
  task: (session: Session) => Promise<void>,
): Promise<void> {
  try {
    await postgres.transaction(task, database);
  } catch (error) {
    if (codeOf(error) !== SqlState.invalidCatalogName) throw error;
  }
}

/** The id of a role in the catalog: 0 for `public`, `undefined` if there is none of this name. */
export async function roleId(session: Session, role: string): Promise<number | undefined> {
  if (role === "public") return 0;
  const [found] = await session.query<{ oid: number }>(
    "SELECT oid FROM pg_roles WHERE rolname = $1",
    [role],
  );
  return found?.oid;
}

export async function schemaExists(session: Session, schema: string): Promise<boolean> {
  const rows = await session.query("SELECT 1 FROM pg_namespace WHERE nspname = $1", [schema]);
  return rows.length > 0;
}

/** The two parts of an id such as `lakehouse.public`, for an import. */
export function splitId(id: string, what: string): { database: string; name: string } {
  const [database = "", name = "", ...rest] = id.split(".");
  if (database !== "" && name !== "" && rest.length === 0) return { database, name };
  throw new Error(`"${id}" is no id of ${what}: it must be DATABASE.NAME`);
}
