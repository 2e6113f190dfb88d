import { InvalidInputs } from "../runtime/provider.ts";
import { isUnknown } from "../runtime/values.ts";
import type { Session } from "./connection.ts";

/** Privileges by the kind of object, besides ALL. https://www.postgresql.org/docs/current/ddl-priv.html */
export const PRIVILEGES = {
  database: ["CREATE", "CONNECT", "TEMPORARY"],
  schema: ["CREATE", "USAGE"],
  table: ["SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER", "MAINTAIN"],
  sequence: ["USAGE", "SELECT", "UPDATE"],
  function: ["EXECUTE"],
  procedure: ["EXECUTE"],
  routine: ["EXECUTE"],
  type: ["USAGE"],
} as const satisfies Record<string, readonly string[]>;
export type ObjectType = keyof typeof PRIVILEGES;

/** Postgres 17 is the first to know this one. */
const MAINTAIN_SINCE = 170_000;

/** Refuses privileges that this kind of object does not have. They go into statements as they are. */
export function checkPrivileges(objectType: ObjectType, privileges: readonly string[]): void {
  if (isUnknown(objectType) || isUnknown(privileges)) return;
  const known: readonly string[] = ["ALL", ...PRIVILEGES[objectType]];
  const wrong = privileges.filter(
    (privilege) => !isUnknown(privilege) && !known.includes(privilege),
  );
  if (wrong.length === 0) return;
  const reason = `${wrong.join(", ")}: a ${objectType} has ${known.join(", ")} alone`;
  throw new InvalidInputs([{ property: "privileges", reason }]);
}

/**
 * What the program wrote, where the server says the same: in any order, and ALL for all there are.
 */
export function asWanted(
  granted: readonly string[],
  wanted: readonly string[],
  objectType: ObjectType,
  serverVersion: number,
): readonly string[] {
  const all = PRIVILEGES[objectType].filter(
    (privilege) => privilege !== "MAINTAIN" || serverVersion >= MAINTAIN_SINCE,
  );
  const expected: readonly string[] = wanted.includes("ALL") ? all : wanted;
  return isSameSet(granted, expected) ? wanted : [...granted].sort();
}

/** 150004 for 15.4. */
export async function serverVersion(session: Session): Promise<number> {
  const [row] = await session.query<{ version: string }>(
    "SELECT current_setting('server_version_num') AS version",
  );
  return Number(row?.version ?? 0);
}

function isSameSet(left: readonly string[], right: readonly string[]): boolean {
  const [one, other] = [new Set(left), new Set(right)];
  return one.size === other.size && [...one].every((item) => other.has(item));
}
