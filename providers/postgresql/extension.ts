import { z } from "zod";
import { diffBridged } from "../bridged/diff.ts";
import { withName } from "../bridged/names.ts";
import { resourceType } from "../runtime/provider.ts";
import { changeIn, readIn, splitId } from "./catalog.ts";
import type { PostgresConnection, Session } from "./connection.ts";
import { codeOf, PostgresError, SqlState } from "./errors.ts";
import { identifier, objectName } from "./sql.ts";

const extensionInputs = z.object({
  name: objectName.optional(),
  /** @default the provider's database */
  database: objectName.optional(),
  schema: objectName.optional(),
  version: z.string().min(1).optional(),
  /** Makes the extensions that this one needs as well. */
  createCascade: z.boolean().default(false),
  /** Lets everything that needs the extension be deleted with it. */
  dropCascade: z.boolean().default(false),
});

const CHOSEN = ["database", "schema", "version"] as const;

/** An extension in one database. Making one that exists changes nothing. */
export const extension = resourceType<typeof extensionInputs, PostgresConnection>({
  inputs: extensionInputs,
  computed: CHOSEN,

  check: (inputs, operation) => withName(inputs, operation),

  diff: (_id, old, inputs, { ignoreChanges }) =>
    diffBridged(old, inputs, ignoreChanges, { replaceOn: ["name", "database"], kept: CHOSEN }),

  async create(inputs, { context: postgres }) {
    const { name = "", database = postgres.database } = inputs;
    const options = [
      ...(inputs.schema === undefined ? [] : [`SCHEMA ${identifier(inputs.schema)}`]),
      ...(inputs.version === undefined ? [] : [`VERSION ${identifier(inputs.version)}`]),
      ...(inputs.createCascade ? ["CASCADE"] : []),
    ];
    const actual = await postgres.transaction(async (session) => {
      await install(session, name, options);
      return readExtension(session, name);
    }, database);
    return { id: `${database}.${name}`, outputs: { ...inputs, ...actual, database } };
  },

  async read(id, old, { context: postgres }) {
    const place = old === undefined ? splitId(id, "an extension") : undefined;
    const name = old?.inputs.name ?? place?.name ?? "";
    const database = old?.inputs.database ?? place?.database ?? postgres.database;
    const actual = await readIn(postgres, database, (session) => readExtension(session, name));
    if (actual === undefined) return undefined;
    const recorded = old?.inputs ?? {
      ...actual,
      name,
      database,
      createCascade: false,
      dropCascade: false,
    };
    const inputs = {
      ...recorded,
      ...(recorded.schema === undefined ? {} : { schema: actual.schema }),
      ...(recorded.version === undefined ? {} : { version: actual.version }),
    };
    return { inputs, outputs: { ...inputs, ...actual, database } };
  },

  async update(_id, old, inputs, { context: postgres }) {
    const { name = "", database = postgres.database } = inputs;
    const target = `ALTER EXTENSION ${identifier(name)}`;
    const actual = await postgres.transaction(async (session) => {
      if (inputs.schema !== undefined && inputs.schema !== old.outputs["schema"]) {
        await session.query(`${target} SET SCHEMA ${identifier(inputs.schema)}`);
      }
      if (inputs.version !== undefined && inputs.version !== old.outputs["version"]) {
        await session.query(`${target} UPDATE TO ${identifier(inputs.version)}`);
      }
      return readExtension(session, name);
    }, database);
    return { ...inputs, ...actual, database };
  },

  async delete(_id, old, { context: postgres }) {
    const { name = "", database = postgres.database, dropCascade } = old.inputs;
    try {
      await changeIn(postgres, database, async (session) => {
        const mode = dropCascade ? "CASCADE" : "RESTRICT";
        await session.query(`DROP EXTENSION IF EXISTS ${identifier(name)} ${mode}`);
      });
    } catch (error) {
      if (codeOf(error) !== SqlState.dependentObjectsExist) throw error;
      throw new PostgresError(
        SqlState.dependentObjectsExist,
        `Postgres extension "${name}" of database "${database}" is in use, so it is kept. ` +
          "Set dropCascade: true and update to delete what needs it.",
        { cause: error },
      );
    }
  },
});

async function install(session: Session, name: string, options: readonly string[]): Promise<void> {
  const [available] = await session.query("SELECT 1 FROM pg_available_extensions WHERE name = $1", [
    name,
  ]);
  if (available === undefined) {
    throw new Error(
      `Postgres extension "${name}" is not installed on the server. ` +
        "Install its package there; pg_available_extensions lists what there is.",
    );
  }
  await session.query(`CREATE EXTENSION IF NOT EXISTS ${identifier(name)} ${options.join(" ")}`);
}

async function readExtension(
  session: Session,
  name: string,
): Promise<{ schema: string; version: string } | undefined> {
  const [found] = await session.query<{ schema: string; version: string }>(
    `SELECT nspname AS schema, extversion AS version
     FROM pg_extension JOIN pg_namespace ON extnamespace = pg_namespace.oid WHERE extname = $1`,
    [name],
  );
  return found;
}
