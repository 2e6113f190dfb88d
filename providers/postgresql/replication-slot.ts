import { z } from "zod";
import { diffBridged } from "../bridged/diff.ts";
import { withName } from "../bridged/names.ts";
import { waitFor } from "../bridged/wait.ts";
import { InvalidInputs, resourceType } from "../runtime/provider.ts";
import { isUnknown } from "../runtime/values.ts";
import { splitId } from "./catalog.ts";
import type { PostgresConnection, Session } from "./connection.ts";
import { codeOf, PostgresError, SqlState } from "./errors.ts";
import { objectName } from "./sql.ts";

const slotInputs = z.object({
  name: objectName.optional(),
  /** @default the provider's database */
  database: objectName.optional(),
  /** The output plugin, such as `pgoutput`. */
  plugin: objectName,
});

/** A logical replication slot: from its making on, the server keeps every change for its reader. */
export const replicationSlot = resourceType<typeof slotInputs, PostgresConnection>({
  inputs: slotInputs,
  computed: ["database"],

  check(inputs, operation) {
    const named = withName(inputs, operation);
    if (!isUnknown(named.name) && !/^[a-z0-9_]+$/.test(named.name)) {
      const reason = "must be of lower-case letters, digits and underscores, as Postgres has it";
      throw new InvalidInputs([{ property: "name", reason }]);
    }
    return named;
  },

  diff: (_id, old, inputs, { ignoreChanges }) =>
    diffBridged(old, inputs, ignoreChanges, {
      replaceOn: ["name", "database", "plugin"],
      kept: ["database"],
    }),

  async create(inputs, { context: postgres }) {
    const { name = "", database = postgres.database, plugin } = inputs;
    try {
      await postgres.change(
        (session) =>
          session.query("SELECT FROM pg_create_logical_replication_slot($1, $2)", [name, plugin]),
        database,
      );
    } catch (error) {
      if (codeOf(error) === SqlState.objectNotInPrerequisiteState) {
        throw new PostgresError(
          SqlState.objectNotInPrerequisiteState,
          `Postgres cannot make the replication slot "${name}": ${(error as Error).message}. ` +
            "A logical one needs a server that was started with wal_level=logical.",
          { cause: error },
        );
      }
      if (codeOf(error) !== SqlState.duplicateObject) throw error;
      await requireSame(postgres, name, { database, plugin });
    }
    return { id: `${database}.${name}`, outputs: { ...inputs, database } };
  },

  async read(id, old, { context: postgres }) {
    const place = old === undefined ? splitId(id, "a replication slot") : undefined;
    const name = old?.inputs.name ?? place?.name ?? "";
    const database = old?.inputs.database ?? place?.database ?? postgres.database;
    const actual = await postgres.read((session) => readSlot(session, name));
    if (actual?.database !== database) return undefined;
    const inputs = { ...(old?.inputs ?? { name, database }), plugin: actual.plugin };
    return { inputs, outputs: { ...inputs, database } };
  },

  async delete(_id, old, operation) {
    const { context: postgres } = operation;
    const { name = "" } = old.inputs;
    // The server needs a moment to see that a reader has gone, and it may be told to go only now.
    await waitFor(`the reader of replication slot "${name}" to go`, operation, async () => {
      try {
        await postgres.change((session) =>
          session.query(
            "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = $1",
            [name],
          ),
        );
        return true;
      } catch (error) {
        if (codeOf(error) !== SqlState.objectInUse) throw error;
        return undefined;
      }
    });
  },
});

interface ActualSlot {
  /** Null for a physical slot, as is `plugin`. */
  readonly database: string;
  readonly plugin: string;
}

async function readSlot(session: Session, name: string): Promise<ActualSlot | undefined> {
  const [found] = await session.query<ActualSlot & Record<string, unknown>>(
    "SELECT database, plugin FROM pg_replication_slots WHERE slot_name = $1",
    [name],
  );
  return found;
}

/** An update that was interrupted left the slot exactly as wanted. Any other is someone else's. */
async function requireSame(
  postgres: PostgresConnection,
  name: string,
  wanted: ActualSlot,
): Promise<void> {
  const found = await postgres.read((session) => readSlot(session, name));
  if (found?.database === wanted.database && found.plugin === wanted.plugin) return;
  throw new PostgresError(
    SqlState.duplicateObject,
    `Postgres replication slot "${name}" exists already, for another database or with another ` +
      "plugin. Drop it with pg_drop_replication_slot if nobody needs it, or choose another name.",
  );
}
