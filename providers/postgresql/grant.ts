import { z } from "zod";
import { diffBridged } from "../bridged/diff.ts";
import { InvalidInputs, resourceType } from "../runtime/provider.ts";
import { isUnknown } from "../runtime/values.ts";
import { changeIn, readIn, roleId, schemaExists } from "./catalog.ts";
import type { PostgresConnection, Session } from "./connection.ts";
import { codeOf, SqlState } from "./errors.ts";
import { grantStatement, isWholeObject, revokeStatement } from "./grant-statements.ts";
import { asWanted, checkPrivileges, serverVersion } from "./privileges.ts";
import { inSetOrder } from "./set-order.ts";
import { objectName } from "./sql.ts";

export const GRANTED = [
  "database",
  "schema",
  "table",
  "sequence",
  "function",
  "procedure",
  "routine",
] as const;

export const grantInputs = z.object({
  /** `public` stands for everyone. */
  role: objectName,
  database: objectName,
  schema: objectName.optional(),
  objectType: z.enum(
    GRANTED,
    `must be one of ${GRANTED.join(", ")}; the others are not covered by this stand-in`,
  ),
  /** @default all objects of this type that are in the schema now */
  objects: z.array(z.string().min(1)).optional(),
  /** None takes all privileges away. */
  privileges: z.array(z.string()),
  withGrantOption: z.boolean().default(false),
});
export type GrantInputs = z.infer<typeof grantInputs>;

const RULES = {
  replaceOn: ["role", "database", "schema", "objectType", "objects", "withGrantOption"],
  sets: ["objects", "privileges"],
};

/** Exactly these privileges of a role on objects of one type: what else it had on them is revoked. */
export const grant = resourceType<typeof grantInputs, PostgresConnection>({
  inputs: grantInputs,
  deleteBeforeReplace: true,

  check(inputs) {
    checkPrivileges(inputs.objectType, inputs.privileges);
    if (isUnknown(inputs.objectType)) return inputs;
    if (inputs.objectType !== "database" && inputs.schema === undefined) {
      const reason = `is needed where objectType is ${inputs.objectType}`;
      throw new InvalidInputs([{ property: "schema", reason }]);
    }
    if (isWholeObject(inputs.objectType) && (inputs.objects ?? []).length > 0) {
      const reason = `must not be given where objectType is ${inputs.objectType}`;
      throw new InvalidInputs([{ property: "objects", reason }]);
    }
    return inputs;
  },

  diff: (_id, old, inputs, { ignoreChanges }) => ({
    ...diffBridged(old, inputs, ignoreChanges, RULES),
    deleteBeforeReplace: true,
  }),

  async create(inputs, { context: postgres }) {
    await put(postgres, inputs);
    return { id: grantId(inputs), outputs: inputs };
  },

  async read(id, old, { context: postgres }) {
    if (old === undefined) throw new Error(`A grant cannot be imported (${id})`);
    const { inputs } = old;
    const granted = await readIn(postgres, inputs.database, (session) =>
      readPrivileges(session, inputs),
    );
    if (granted === undefined) return undefined;
    const actual = { ...inputs, privileges: [...granted] };
    return { inputs: actual, outputs: actual };
  },

  async update(_id, _old, inputs, { context: postgres }) {
    await put(postgres, inputs);
    return inputs;
  },

  async delete(_id, old, { context: postgres }) {
    const { inputs } = old;
    try {
      await changeIn(postgres, inputs.database, async (session) => {
        if (await isThere(session, inputs)) await session.query(revokeStatement(inputs));
      });
    } catch (error) {
      // A table that is gone took its privileges with it.
      const gone: readonly (string | undefined)[] = [
        SqlState.undefinedTable,
        SqlState.undefinedFunction,
      ];
      if (!gone.includes(codeOf(error))) throw error;
    }
  },
});

/** As the official plugin has it: `reader_lakehouse_public_table_orders`. */
export function grantId(inputs: GrantInputs): string {
  return [
    inputs.role,
    inputs.database,
    ...(inputs.objectType === "database" ? [] : [inputs.schema ?? ""]),
    inputs.objectType,
    ...inSetOrder(inputs.objects ?? []),
  ].join("_");
}

async function put(postgres: PostgresConnection, inputs: GrantInputs): Promise<void> {
  await postgres.transaction(async (session) => {
    await session.query(revokeStatement(inputs));
    const statement = grantStatement(inputs);
    if (statement !== undefined) await session.query(statement);
  }, inputs.database);
}

async function isThere(session: Session, inputs: GrantInputs): Promise<boolean> {
  if ((await roleId(session, inputs.role)) === undefined) return false;
  return inputs.schema === undefined || schemaExists(session, inputs.schema);
}

/**
 * The privileges that the role has on the objects; those of the first that differs, if one does.
 * `undefined` if the role or the schema is gone.
 */
async function readPrivileges(
  session: Session,
  inputs: GrantInputs,
): Promise<readonly string[] | undefined> {
  const role = await roleId(session, inputs.role);
  if (role === undefined || !(await isThere(session, inputs))) return undefined;
  const version = await serverVersion(session);
  const names = inputs.objects?.map((object) => object.replace(/\(.*$/s, ""));
  for (const { name, privileges } of await readObjects(session, inputs, role)) {
    if (names !== undefined && names.length > 0 && !names.includes(name)) continue;
    const granted = asWanted(privileges, inputs.privileges, inputs.objectType, version);
    if (granted !== inputs.privileges) return granted;
  }
  return inputs.privileges;
}

interface ObjectPrivileges {
  readonly name: string;
  readonly privileges: readonly string[];
}

function readObjects(
  session: Session,
  inputs: GrantInputs,
  role: number,
): Promise<readonly ObjectPrivileges[]> {
  const { schema } = inputs;
  // Where no one ever granted anything, the list is null and stands for the defaults of the type.
  const privileges = (list: string, kind: string, owner: string) =>
    `ARRAY(SELECT DISTINCT privilege_type FROM aclexplode(COALESCE(${list}, acldefault('${kind}', ${owner})))
           WHERE grantee = $1) AS privileges`;
  switch (inputs.objectType) {
    case "database":
      return session.query<ObjectPrivileges & Record<string, unknown>>(
        `SELECT datname AS name, ${privileges("datacl", "d", "datdba")}
         FROM pg_database WHERE datname = $2`,
        [role, inputs.database],
      );
    case "schema":
      return session.query<ObjectPrivileges & Record<string, unknown>>(
        `SELECT nspname AS name, ${privileges("nspacl", "n", "nspowner")}
         FROM pg_namespace WHERE nspname = $2`,
        [role, schema],
      );
    case "table":
    case "sequence":
      return session.query<ObjectPrivileges & Record<string, unknown>>(
        `SELECT relname AS name, ${privileges("relacl", inputs.objectType === "table" ? "r" : "s", "relowner")}
         FROM pg_class JOIN pg_namespace ON relnamespace = pg_namespace.oid
         WHERE nspname = $2 AND relkind = ANY($3) ORDER BY relname`,
        [role, schema, inputs.objectType === "table" ? ["r", "p"] : ["S"]],
      );
    case "function":
    case "procedure":
    case "routine":
      return session.query<ObjectPrivileges & Record<string, unknown>>(
        `SELECT proname AS name, ${privileges("proacl", "f", "proowner")}
         FROM pg_proc JOIN pg_namespace ON pronamespace = pg_namespace.oid
         WHERE nspname = $2 AND prokind = ANY($3) ORDER BY proname`,
        [role, schema, ROUTINE_KINDS[inputs.objectType]],
      );
  }
}

const ROUTINE_KINDS = {
  function: ["f", "a", "w"],
  procedure: ["p"],
  routine: ["f", "a", "w", "p"],
} as const;
