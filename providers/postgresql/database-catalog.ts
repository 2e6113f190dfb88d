import type { PostgresConnection, Session } from "./connection.ts";

/** A database as the server knows it, less the template, which it does not remember. */
export interface ActualDatabase {
  readonly name: string;
  readonly owner: string;
  readonly encoding: string;
  readonly lcCollate: string;
  readonly lcCtype: string;
  readonly tablespaceName: string;
  readonly connectionLimit: number;
  readonly allowConnections: boolean;
  readonly isTemplate: boolean;
}

/** `undefined` if there is no database of this name. */
export async function readDatabase(
  session: Session,
  name: string,
): Promise<ActualDatabase | undefined> {
  const [found] = await session.query<{ database: ActualDatabase }>(
    `SELECT json_build_object(
              'name', datname, 'owner', pg_get_userbyid(datdba),
              'encoding', pg_encoding_to_char(encoding),
              'lcCollate', datcollate, 'lcCtype', datctype, 'tablespaceName', spcname,
              'connectionLimit', datconnlimit, 'allowConnections', datallowconn,
              'isTemplate', datistemplate) AS database
     FROM pg_database JOIN pg_tablespace ON dattablespace = pg_tablespace.oid WHERE datname = $1`,
    [name],
  );
  return found?.database;
}

/** True if no one has made a table, view or sequence in the database. */
export async function isEmpty(postgres: PostgresConnection, name: string): Promise<boolean> {
  const [first] = await postgres.read(
    (session) =>
      session.query(
        `SELECT 1 FROM pg_class JOIN pg_namespace ON relnamespace = pg_namespace.oid
         WHERE nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast') LIMIT 1`,
      ),
    name,
  );
  return first === undefined;
}
