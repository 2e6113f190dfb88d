import type { RoleInputs } from "./role.ts";
import { isNullPassword, isStoredPassword, scramVerifier } from "./scram.ts";
import { identifier, integer, literal } from "./sql.ts";

/** Options of CREATE ROLE and ALTER ROLE that are a word, or the word with NO before it. */
const FLAGS = {
  superuser: "SUPERUSER",
  createDatabase: "CREATEDB",
  createRole: "CREATEROLE",
  inherit: "INHERIT",
  login: "LOGIN",
  replication: "REPLICATION",
  bypassRowLevelSecurity: "BYPASSRLS",
} as const satisfies Partial<Record<keyof RoleInputs, string>>;

type Named = RoleInputs & { readonly name: string };

/** The statements that make a role. Passwords are in their stored form. */
export function createRole(name: string, inputs: RoleInputs): string[] {
  const options = [
    ...Object.entries(FLAGS).map(([key, word]) => flag(word, inputs[key as keyof typeof FLAGS])),
    `CONNECTION LIMIT ${integer(inputs.connectionLimit)}`,
    `VALID UNTIL ${literal(inputs.validUntil)}`,
    ...(inputs.password === undefined ? [] : [passwordOption(inputs.password)]),
  ];
  return [
    `CREATE ROLE ${identifier(name)} WITH ${options.join(" ")}`,
    ...memberships(name, [], inputs.roles ?? []),
    ...settings({ ...inputs, name }, undefined),
  ];
}

/** The statements that turn one role into the other; none if they are the same. */
export function alterRole(old: Named, wanted: Named): string[] {
  const role = identifier(wanted.name);
  const options = Object.entries(FLAGS)
    .filter(([key]) => old[key as keyof typeof FLAGS] !== wanted[key as keyof typeof FLAGS])
    .map(([key, word]) => flag(word, wanted[key as keyof typeof FLAGS]));
  if (old.connectionLimit !== wanted.connectionLimit) {
    options.push(`CONNECTION LIMIT ${integer(wanted.connectionLimit)}`);
  }
  if (old.validUntil !== wanted.validUntil)
    options.push(`VALID UNTIL ${literal(wanted.validUntil)}`);
  if (old.password !== wanted.password) options.push(passwordOption(wanted.password ?? "NULL"));

  return [
    ...(old.name === wanted.name ? [] : [`ALTER ROLE ${identifier(old.name)} RENAME TO ${role}`]),
    ...(options.length === 0 ? [] : [`ALTER ROLE ${role} WITH ${options.join(" ")}`]),
    ...memberships(wanted.name, old.roles ?? [], wanted.roles ?? []),
    ...settings(wanted, old),
  ];
}

function flag(word: string, isSet: boolean): string {
  return isSet ? word : `NO${word}`;
}

function passwordOption(password: string): string {
  if (isNullPassword(password)) return "PASSWORD NULL";
  return `PASSWORD ${literal(isStoredPassword(password) ? password : scramVerifier(password))}`;
}

function memberships(name: string, old: readonly string[], wanted: readonly string[]): string[] {
  const member = identifier(name);
  return [
    ...old
      .filter((group) => !wanted.includes(group))
      .map((group) => `REVOKE ${identifier(group)} FROM ${member}`),
    ...wanted
      .filter((group) => !old.includes(group))
      .map((group) => `GRANT ${identifier(group)} TO ${member}`),
  ];
}

function settings(wanted: Named, old: RoleInputs | undefined): string[] {
  const values = settingValues(wanted);
  const before = old === undefined ? undefined : settingValues(old);
  return Object.entries(values)
    .filter(([key, value]) => value !== before?.[key])
    .map(([key, value]) =>
      value === undefined
        ? `ALTER ROLE ${identifier(wanted.name)} RESET ${key}`
        : `ALTER ROLE ${identifier(wanted.name)} SET ${key} TO ${value}`,
    );
}

/** Settings in the form of a statement; `undefined` for the server's default. */
function settingValues(inputs: RoleInputs): Record<string, string | undefined> {
  const { searchPaths, statementTimeout, idleInTransactionSessionTimeout, assumeRole } = inputs;
  return {
    search_path: searchPaths?.length ? searchPaths.map(identifier).join(", ") : undefined,
    statement_timeout: statementTimeout ? integer(statementTimeout) : undefined,
    idle_in_transaction_session_timeout: idleInTransactionSessionTimeout
      ? integer(idleInTransactionSessionTimeout)
      : undefined,
    role: assumeRole === undefined ? undefined : identifier(assumeRole),
  };
}
