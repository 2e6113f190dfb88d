import { z } from "zod";
import { diffBridged } from "../bridged/diff.ts";
import { withName } from "../bridged/names.ts";
import { resourceType } from "../runtime/provider.ts";
import { changeIn, readIn, schemaExists, splitId } from "./catalog.ts";
import type { PostgresConnection, Session } from "./connection.ts";
import { codeOf, PostgresError, SqlState } from "./errors.ts";
import { identifier, objectName } from "./sql.ts";

const schemaInputs = z.object({
  name: objectName.optional(),
  /** @default the provider's database */
  database: objectName.optional(),
  /** @default the provider's role */
  owner: objectName.optional(),
  /** Takes over a schema that exists. */
  ifNotExists: z.boolean().default(true),
  /** Lets everything in the schema be deleted with it. */
  dropCascade: z.boolean().default(false),
});

/** A schema. A new name renames it in place. */
export const schema = resourceType<typeof schemaInputs, PostgresConnection>({
  inputs: schemaInputs,
  computed: ["database", "owner"],

  check: (inputs, operation) => withName(inputs, operation),

  diff: (_id, old, inputs, { ignoreChanges }) =>
    diffBridged(old, inputs, ignoreChanges, {
      replaceOn: ["database"],
      kept: ["database", "owner"],
    }),

  async create(inputs, { context: postgres }) {
    const { name = "", database = postgres.database } = inputs;
    const owner = await postgres.transaction(async (session) => {
      if (!(await schemaExists(session, name))) {
        const by = inputs.owner === undefined ? "" : ` AUTHORIZATION ${identifier(inputs.owner)}`;
        await session.query(`CREATE SCHEMA ${identifier(name)}${by}`);
      } else if (!inputs.ifNotExists) {
        throw new Error(
          `Postgres schema "${name}" exists already in database "${database}". ` +
            "Set ifNotExists: true to take it over, or choose another name.",
        );
      } else if (inputs.owner !== undefined) {
        await setOwner(session, name, inputs.owner);
      }
      return readOwner(session, name);
    }, database);
    return { id: `${database}.${name}`, outputs: { ...inputs, database, owner } };
  },

  async read(id, old, { context: postgres }) {
    const place = old === undefined ? splitId(id, "a schema") : undefined;
    const name = old?.inputs.name ?? place?.name ?? "";
    const database = old?.inputs.database ?? place?.database ?? postgres.database;
    const owner = await readIn(postgres, database, (session) => readOwner(session, name));
    if (owner === undefined) return undefined;
    const recorded = old?.inputs ?? {
      name,
      database,
      owner,
      ifNotExists: true,
      dropCascade: false,
    };
    const inputs = { ...recorded, ...(recorded.owner === undefined ? {} : { owner }) };
    return { inputs, outputs: { ...inputs, database, owner } };
  },

  async update(_id, old, inputs, { context: postgres }) {
    const { name = "", database = postgres.database } = inputs;
    const owner = await postgres.transaction(async (session) => {
      const before = old.inputs.name ?? name;
      if (before !== name) {
        await session.query(`ALTER SCHEMA ${identifier(before)} RENAME TO ${identifier(name)}`);
      }
      if (inputs.owner !== undefined && inputs.owner !== old.outputs["owner"]) {
        await setOwner(session, name, inputs.owner);
      }
      return readOwner(session, name);
    }, database);
    return { ...inputs, database, owner };
  },

  async delete(_id, old, { context: postgres }) {
    const { name = "", database = postgres.database, dropCascade } = old.inputs;
    try {
      await changeIn(postgres, database, async (session) => {
        const mode = dropCascade ? "CASCADE" : "RESTRICT";
        await session.query(`DROP SCHEMA IF EXISTS ${identifier(name)} ${mode}`);
      });
    } catch (error) {
      if (codeOf(error) !== SqlState.dependentObjectsExist) throw error;
      throw new PostgresError(
        SqlState.dependentObjectsExist,
        `Postgres schema "${name}" of database "${database}" is not empty, so it is kept. ` +
          "Set dropCascade: true and update to delete everything in it.",
        { cause: error },
      );
    }
  },
});

async function setOwner(session: Session, name: string, owner: string): Promise<void> {
  await session.query(`ALTER SCHEMA ${identifier(name)} OWNER TO ${identifier(owner)}`);
}

async function readOwner(session: Session, name: string): Promise<string | undefined> {
  const [found] = await session.query<{ owner: string }>(
    "SELECT pg_get_userbyid(nspowner) AS owner FROM pg_namespace WHERE nspname = $1",
    [name],
  );
  return found?.owner;
}
