import type { GrantInputs } from "./grant.ts";
import { identifier } from "./sql.ts";

/** True for types of which a grant names a single object, the database or the schema itself. */
export function isWholeObject(objectType: GrantInputs["objectType"]): boolean {
  return objectType === "database" || objectType === "schema";
}

/** `undefined` where there is nothing to grant. */
export function grantStatement(inputs: GrantInputs): string | undefined {
  if (inputs.privileges.length === 0) return undefined;
  const option = inputs.withGrantOption ? " WITH GRANT OPTION" : "";
  const privileges = inputs.privileges.join(", ");
  return `GRANT ${privileges} ON ${target(inputs)} TO ${identifier(inputs.role)}${option}`;
}

export function revokeStatement(inputs: GrantInputs): string {
  return `REVOKE ALL PRIVILEGES ON ${target(inputs)} FROM ${identifier(inputs.role)}`;
}

function target({ objectType, database, schema = "", objects = [] }: GrantInputs): string {
  if (objectType === "database") return `DATABASE ${identifier(database)}`;
  if (objectType === "schema") return `SCHEMA ${identifier(schema)}`;
  const type = objectType.toUpperCase();
  if (objects.length === 0) return `ALL ${type}S IN SCHEMA ${identifier(schema)}`;
  return `${type} ${objects.map((object) => `${identifier(schema)}.${objectReference(object)}`).join(", ")}`;
}

/** A function may come with its argument types, which Postgres must see unquoted: `total(integer)`. */
function objectReference(object: string): string {
  const match = /^([^(]+)(\([\w\s,."[\]]*\))?$/.exec(object);
  const [, name, types = ""] = match ?? [];
  if (name === undefined) {
    throw new Error(`"${object}" is no name of an object: it must be NAME or NAME(TYPE, ...)`);
  }
  return `${identifier(name)}${types}`;
}
