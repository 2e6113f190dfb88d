import type { PostgresConnection, Session } from "./connection.ts";
import type { RoleInputs } from "./role.ts";
import { matchesStored } from "./scram.ts";

/** A role as the server knows it. */
export interface ActualRole {
  readonly attributes: Omit<RoleInputs, "name" | "password"> & { readonly name: string };
  readonly roles: readonly string[];
  /** The stored password; null for none, `undefined` if we may not see it. */
  readonly storedPassword: string | null | undefined;
}

/** `undefined` if there is no role of this name. */
export async function readRole(
  session: Session,
  postgres: PostgresConnection,
  name: string,
): Promise<ActualRole | undefined> {
  const [found] = await session.query<{
    rolname: string;
    rolsuper: boolean;
    rolinherit: boolean;
    rolcreaterole: boolean;
    rolcreatedb: boolean;
    rolcanlogin: boolean;
    rolreplication: boolean;
    rolbypassrls: boolean;
    rolconnlimit: number;
    validuntil: string;
    settings: string[];
    roles: string[];
  }>(
    `SELECT rolname, rolsuper, rolinherit, rolcreaterole, rolcreatedb, rolcanlogin, rolreplication,
            rolbypassrls, rolconnlimit, COALESCE(rolvaliduntil::text, 'infinity') AS validuntil,
            COALESCE(rolconfig, '{}') AS settings,
            ARRAY(SELECT pg_get_userbyid(roleid)::text FROM pg_auth_members
                  WHERE member = pg_roles.oid ORDER BY 1) AS roles
     FROM pg_roles WHERE rolname = $1`,
    [name],
  );
  if (found === undefined) return undefined;
  const settings = new Map(
    found.settings.map((setting) => {
      const [key = "", ...value] = setting.split("=");
      return [key, value.join("=")];
    }),
  );
  return {
    roles: found.roles,
    storedPassword: postgres.isSuperuser ? await readPassword(session, name) : undefined,
    attributes: {
      name: found.rolname,
      encryptedPassword: true,
      login: found.rolcanlogin,
      superuser: found.rolsuper,
      createDatabase: found.rolcreatedb,
      createRole: found.rolcreaterole,
      inherit: found.rolinherit,
      replication: found.rolreplication,
      bypassRowLevelSecurity: found.rolbypassrls,
      connectionLimit: found.rolconnlimit,
      validUntil: found.validuntil,
      searchPaths: settings.has("search_path")
        ? splitNames(settings.get("search_path") ?? "")
        : undefined,
      statementTimeout: toMilliseconds(settings.get("statement_timeout")),
      idleInTransactionSessionTimeout: toMilliseconds(
        settings.get("idle_in_transaction_session_timeout"),
      ),
      assumeRole: settings.get("role"),
      skipDropRole: false,
      skipReassignOwned: false,
    },
  };
}

async function readPassword(session: Session, name: string): Promise<string | null> {
  const [row] = await session.query<{ rolpassword: string | null }>(
    "SELECT rolpassword FROM pg_authid WHERE rolname = $1",
    [name],
  );
  return row?.rolpassword ?? null;
}

/** Names as they stand in a setting: `public, "My Schema"`. */
function splitNames(list: string): string[] {
  return [...list.matchAll(/"((?:[^"]|"")*)"|([^,\s]+)/g)].map(
    ([, quoted, plain = ""]) => quoted?.replaceAll('""', '"') ?? plain,
  );
}

function toMilliseconds(setting: string | undefined): number | undefined {
  return setting === undefined ? undefined : Number(setting);
}

/** A role as inputs: what the program wrote, where the server says the same. */
export function asRecorded(found: ActualRole, recorded: RoleInputs | undefined): RoleInputs {
  const { attributes, roles, storedPassword } = found;
  const inputs: RoleInputs = {
    ...attributes,
    skipDropRole: recorded?.skipDropRole ?? false,
    skipReassignOwned: recorded?.skipReassignOwned ?? false,
  };
  if (recorded === undefined ? roles.length > 0 : recorded.roles !== undefined) {
    inputs.roles = [...roles];
  }
  // Settings that are not there and not asked for; 0 and none are the same.
  if (recorded?.statementTimeout === 0) inputs.statementTimeout ??= 0;
  if (recorded?.idleInTransactionSessionTimeout === 0) inputs.idleInTransactionSessionTimeout ??= 0;
  if (recorded?.searchPaths?.length === 0) inputs.searchPaths ??= [];

  const password = recorded?.password;
  if (password !== undefined) {
    const isSame =
      storedPassword === undefined || matchesStored(password, storedPassword, attributes.name);
    // Someone else's password is told as the server has it, so that the next update sets ours.
    inputs.password = isSame ? password : (storedPassword ?? "NULL");
  }
  return inputs;
}
