import { z } from "zod";
import { diffBridged } from "../bridged/diff.ts";
import { InvalidInputs, resourceType } from "../runtime/provider.ts";
import { isUnknown } from "../runtime/values.ts";
import { changeIn, readIn, roleId, schemaExists } from "./catalog.ts";
import type { PostgresConnection, Session } from "./connection.ts";
import { asWanted, checkPrivileges, serverVersion } from "./privileges.ts";
import { identifier, objectName } from "./sql.ts";

/** Types of objects, with Postgres's letter for each in pg_default_acl. */
const TYPES = {
  table: "r",
  sequence: "S",
  function: "f",
  routine: "f",
  type: "T",
  schema: "n",
} as const;
const typeNames = Object.keys(TYPES) as (keyof typeof TYPES)[];

const defaultsInputs = z.object({
  /** The role that gets the privileges; `public` stands for everyone. */
  role: objectName,
  database: objectName,
  /** The role whose future objects this is about. */
  owner: objectName,
  /** @default all schemas of the database */
  schema: objectName.optional(),
  objectType: z.enum(typeNames, `must be one of ${typeNames.join(", ")}`),
  privileges: z.array(z.string()),
  withGrantOption: z.boolean().default(false),
});
type DefaultsInputs = z.infer<typeof defaultsInputs>;

/** What a role may do with objects that another one will make. */
export const defaultPrivileges = resourceType<typeof defaultsInputs, PostgresConnection>({
  inputs: defaultsInputs,

  check(inputs) {
    checkPrivileges(inputs.objectType, inputs.privileges);
    if (inputs.objectType === "schema" && inputs.schema !== undefined) {
      const reason = "must not be given where objectType is schema";
      throw new InvalidInputs([{ property: "schema", reason }]);
    }
    if (inputs.role === "public" && !isUnknown(inputs.withGrantOption) && inputs.withGrantOption) {
      const reason = "must be false where role is public";
      throw new InvalidInputs([{ property: "withGrantOption", reason }]);
    }
    return inputs;
  },

  diff: (_id, old, inputs, { ignoreChanges }) => ({
    ...diffBridged(old, inputs, ignoreChanges, {
      replaceOn: ["role", "database", "owner", "schema", "objectType", "withGrantOption"],
      sets: ["privileges"],
    }),
    // With another grant option it is the same entry, which the old one would take away.
    deleteBeforeReplace: true,
  }),

  async create(inputs, { context: postgres }) {
    await put(postgres, inputs);
    const { role, database, schema = "noschema", owner, objectType } = inputs;
    return { id: [role, database, schema, owner, objectType].join("_"), outputs: inputs };
  },

  async read(id, old, { context: postgres }) {
    if (old === undefined) throw new Error(`Default privileges cannot be imported (${id})`);
    const { inputs } = old;
    const granted = await readIn(postgres, inputs.database, (session) =>
      readGranted(session, inputs),
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
    await changeIn(postgres, inputs.database, async (session) => {
      if (await isThere(session, inputs)) await session.query(revokeStatement(inputs));
    });
  },
});

async function put(postgres: PostgresConnection, inputs: DefaultsInputs): Promise<void> {
  await postgres.transaction(async (session) => {
    await session.query(revokeStatement(inputs));
    if (inputs.privileges.length === 0) return;
    const option = inputs.withGrantOption ? " WITH GRANT OPTION" : "";
    await session.query(
      `${scope(inputs)} GRANT ${inputs.privileges.join(", ")} ON ${inputs.objectType.toUpperCase()}S ` +
        `TO ${identifier(inputs.role)}${option}`,
    );
  }, inputs.database);
}

function revokeStatement(inputs: DefaultsInputs): string {
  const type = `${inputs.objectType.toUpperCase()}S`;
  return `${scope(inputs)} REVOKE ALL ON ${type} FROM ${identifier(inputs.role)}`;
}

function scope({ owner, schema }: DefaultsInputs): string {
  const inSchema = schema === undefined ? "" : ` IN SCHEMA ${identifier(schema)}`;
  return `ALTER DEFAULT PRIVILEGES FOR ROLE ${identifier(owner)}${inSchema}`;
}

async function isThere(session: Session, inputs: DefaultsInputs): Promise<boolean> {
  for (const name of [inputs.role, inputs.owner]) {
    if ((await roleId(session, name)) === undefined) return false;
  }
  return inputs.schema === undefined || schemaExists(session, inputs.schema);
}

/** `undefined` if the role, its schema or the entry is gone. */
async function readGranted(
  session: Session,
  inputs: DefaultsInputs,
): Promise<readonly string[] | undefined> {
  if (!(await isThere(session, inputs))) return undefined;
  const rows = await session.query<{ privilege_type: string }>(
    `SELECT DISTINCT privilege_type
     FROM pg_default_acl CROSS JOIN LATERAL aclexplode(defaclacl) AS entry
     WHERE defaclobjtype = $1 AND entry.grantee = $2 AND pg_get_userbyid(defaclrole) = $3
       AND defaclnamespace = COALESCE((SELECT oid FROM pg_namespace WHERE nspname = $4), 0)`,
    [
      TYPES[inputs.objectType],
      await roleId(session, inputs.role),
      inputs.owner,
      inputs.schema ?? null,
    ],
  );
  if (rows.length === 0 && inputs.privileges.length > 0) return undefined;
  return asWanted(
    rows.map(({ privilege_type }) => privilege_type),
    inputs.privileges,
    inputs.objectType,
    await serverVersion(session),
  );
}
