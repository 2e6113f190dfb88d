import { z } from "zod";
import { diffBridged } from "../bridged/diff.ts";
import { withName } from "../bridged/names.ts";
import { InvalidInputs, resourceType } from "../runtime/provider.ts";
import { isUnknown } from "../runtime/values.ts";
import { changeIn, readIn, splitId } from "./catalog.ts";
import type { PostgresConnection, Session } from "./connection.ts";
import { codeOf, PostgresError, SqlState } from "./errors.ts";
import {
  alterPublication,
  createPublication,
  type Operation,
  OPERATIONS,
} from "./publication-statements.ts";
import { identifier, objectName } from "./sql.ts";

const publicationInputs = z.object({
  name: objectName.optional(),
  /** @default the provider's database */
  database: objectName.optional(),
  /** @default the provider's role */
  owner: objectName.optional(),
  /** With their schemas, since the server tells them so. @default none */
  tables: z.array(z.string().regex(/^[^.]+\.[^.]+$/, "must be SCHEMA.TABLE")).optional(),
  /** Every table of the database, those that are still to come included. */
  allTables: z.boolean().optional(),
  /** @default all four */
  publishParams: z
    .array(z.enum(OPERATIONS, `must be of ${OPERATIONS.join(", ")}`))
    .min(1, "must name at least one operation")
    .optional(),
  /** Publishes changes of a partition as those of the partitioned table. */
  publishViaPartitionRootParam: z.boolean().optional(),
  /** Lets what depends on the publication be deleted with it. */
  dropCascade: z.boolean().default(false),
});
type PublicationInputs = z.infer<typeof publicationInputs>;

/** Inputs that Postgres, or this provider, chooses where the program gives none. */
const CHOSEN = [
  "database",
  "owner",
  "tables",
  "allTables",
  "publishParams",
] as const satisfies readonly (keyof PublicationInputs)[];

const RULES = {
  replaceOn: ["database", "allTables"],
  sets: ["tables", "publishParams"],
  kept: [...CHOSEN, "publishViaPartitionRootParam"],
};

/** What of a database is offered to subscribers. A new name renames it in place. */
export const publication = resourceType<typeof publicationInputs, PostgresConnection>({
  inputs: publicationInputs,
  computed: CHOSEN,

  check(inputs, operation) {
    const { allTables, tables } = inputs;
    if (!isUnknown(tables) && allTables === true && (tables ?? []).length > 0) {
      const reason = "must not be given where allTables is true";
      throw new InvalidInputs([{ property: "tables", reason }]);
    }
    return withName(inputs, operation);
  },

  diff: (_id, old, inputs, { ignoreChanges }) => diffBridged(old, inputs, ignoreChanges, RULES),

  async create(inputs, { context: postgres }) {
    const { name = "", database = postgres.database, owner } = inputs;
    try {
      await postgres.transaction(async (session) => {
        await session.query(createPublication(name, inputs));
        if (owner !== undefined) await setOwner(session, name, owner);
      }, database);
    } catch (error) {
      if (codeOf(error) !== SqlState.duplicateObject) throw error;
      await requireOurs(postgres, database, inputs);
    }
    const actual = await postgres.read((session) => readPublication(session, name), database);
    return { id: `${database}.${name}`, outputs: { ...inputs, ...actual, database } };
  },

  async read(id, old, { context: postgres }) {
    const place = old === undefined ? splitId(id, "a publication") : undefined;
    const name = old?.inputs.name ?? place?.name ?? "";
    const database = old?.inputs.database ?? place?.database ?? postgres.database;
    const actual = await readIn(postgres, database, (session) => readPublication(session, name));
    if (actual === undefined) return undefined;
    const inputs =
      old === undefined ? asImported(actual, { name, database }) : asRecorded(actual, old.inputs);
    return { inputs, outputs: { ...inputs, ...actual, database } };
  },

  async update(_id, old, inputs, { context: postgres }) {
    const { name = "", database = postgres.database, owner } = inputs;
    const before = old.inputs.name ?? name;
    await postgres.transaction(async (session) => {
      if (owner !== undefined && owner !== old.outputs["owner"]) {
        await setOwner(session, before, owner);
      }
      const settings = await readPublication(session, before);
      for (const statement of alterPublication(before, settings ?? {}, inputs)) {
        await session.query(statement);
      }
      if (before === name) return;
      await session.query(`ALTER PUBLICATION ${identifier(before)} RENAME TO ${identifier(name)}`);
    }, database);
    const actual = await postgres.read((session) => readPublication(session, name), database);
    return { ...inputs, ...actual, database };
  },

  async delete(_id, old, { context: postgres }) {
    const { name = "", database = postgres.database, dropCascade } = old.inputs;
    const mode = dropCascade ? "CASCADE" : "RESTRICT";
    await changeIn(postgres, database, async (session) => {
      await session.query(`DROP PUBLICATION IF EXISTS ${identifier(name)} ${mode}`);
    });
  },
});

async function setOwner(session: Session, name: string, owner: string): Promise<void> {
  await session.query(`ALTER PUBLICATION ${identifier(name)} OWNER TO ${identifier(owner)}`);
}

type ActualPublication = Required<
  Pick<
    PublicationInputs,
    "owner" | "tables" | "allTables" | "publishParams" | "publishViaPartitionRootParam"
  >
>;

type PublicationRow = Record<Operation | "allTables" | "viaRoot", boolean> & { owner: string };

async function readPublication(
  session: Session,
  name: string,
): Promise<ActualPublication | undefined> {
  const [found] = await session.query<PublicationRow>(
    `SELECT pg_get_userbyid(pubowner) AS owner, puballtables AS "allTables", pubviaroot AS "viaRoot",
            pubinsert AS insert, pubupdate AS update, pubdelete AS delete, pubtruncate AS truncate
     FROM pg_publication WHERE pubname = $1`,
    [name],
  );
  if (found === undefined) return undefined;
  const tables = await session.query<{ name: string }>(
    `SELECT concat(schemaname, '.', tablename) AS name
     FROM pg_publication_tables WHERE pubname = $1 ORDER BY 1`,
    [name],
  );
  return {
    owner: found.owner,
    tables: tables.map((table) => table.name),
    allTables: found.allTables,
    publishParams: OPERATIONS.filter((operation) => found[operation]),
    publishViaPartitionRootParam: found.viaRoot,
  };
}

/** What the program wrote, as the server has it now. */
function asRecorded(actual: ActualPublication, recorded: PublicationInputs): PublicationInputs {
  const written = Object.entries(actual).filter(
    ([key]) => recorded[key as keyof PublicationInputs] !== undefined,
  );
  return { ...recorded, ...Object.fromEntries(written) };
}

/** What a program would have to write for what the server has. */
function asImported(
  { tables, ...actual }: ActualPublication,
  place: { name: string; database: string },
): PublicationInputs {
  // That all tables are published says it all, also of those to come.
  return { ...place, ...actual, ...(actual.allTables ? {} : { tables }), dropCascade: false };
}

/**
 * A publication is made in one transaction, so an interrupted update left it exactly as wanted, or
 * not at all. Any other of this name belongs to someone else.
 */
async function requireOurs(
  postgres: PostgresConnection,
  database: string,
  wanted: PublicationInputs,
): Promise<void> {
  const { name = "" } = wanted;
  const found = await postgres.read((session) => readPublication(session, name), database);
  if (found !== undefined) {
    const inputs = asRecorded(found, wanted);
    const { changes } = diffBridged({ inputs, outputs: {} }, wanted, [], RULES);
    if (changes.length === 0) return;
  }
  throw new PostgresError(
    SqlState.duplicateObject,
    `Postgres publication "${name}" exists already in database "${database}" with other settings. ` +
      `Take it over with: pulumi import postgresql:index/publication:Publication NAME ${database}.${name}, ` +
      "or choose another name.",
  );
}
