import { z } from "zod";
import { diffBridged } from "../bridged/diff.ts";
import { withName } from "../bridged/names.ts";
import { resourceType } from "../runtime/provider.ts";
import type { PostgresConnection } from "./connection.ts";
import { isEmpty, readDatabase } from "./database-catalog.ts";
import type { ActualDatabase } from "./database-catalog.ts";
import { codeOf, PostgresError, SqlState } from "./errors.ts";
import { boolean, identifier, integer, literal, objectName } from "./sql.ts";

const optionalName = objectName.optional();
const text = z.string().min(1, "must not be empty").optional();

const databaseInputs = z.object({
  name: optionalName,
  /** @default the provider's role */
  owner: optionalName,
  /** `DEFAULT` stands for Postgres's own. @default `template0` */
  template: optionalName,
  /** `DEFAULT` stands for the template's. @default `UTF8` */
  encoding: text,
  /** `DEFAULT` stands for the template's, as does none. */
  lcCollate: text,
  lcCtype: text,
  tablespaceName: optionalName,
  connectionLimit: z.int().min(-1, "must be at least 0, or -1 for no limit").default(-1),
  allowConnections: z.boolean().default(true),
  isTemplate: z.boolean().optional(),
  /** With a new owner, what the old one owns in this database goes to the new one as well. */
  alterObjectOwnership: z.boolean().default(false),
});
type DatabaseInputs = z.infer<typeof databaseInputs>;

/** Inputs that Postgres, or this provider, chooses where the program gives none. */
const CHOSEN = [
  "owner",
  "template",
  "encoding",
  "lcCollate",
  "lcCtype",
  "tablespaceName",
  "isTemplate",
] as const satisfies readonly (keyof DatabaseInputs)[];

/** A database. A new name renames it in place; it is dropped even if someone is connected. */
export const database = resourceType<typeof databaseInputs, PostgresConnection>({
  inputs: databaseInputs,
  computed: CHOSEN,

  check: (inputs, operation) => withName(inputs, operation),

  diff: (_id, old, inputs, { ignoreChanges }) =>
    diffBridged(old, inputs, ignoreChanges, {
      replaceOn: ["template", "encoding", "lcCollate", "lcCtype"],
      kept: CHOSEN,
      same: { encoding: isSameEncoding },
    }),

  async create(inputs, { context: postgres }) {
    const name = nameOf(inputs);
    try {
      await postgres.change((session) => session.query(createStatement(name, inputs)));
    } catch (error) {
      if (codeOf(error) !== SqlState.duplicateDatabase) throw error;
      await requireOurs(postgres, name, inputs);
    }
    return { id: name, outputs: await outputsOf(postgres, name, inputs) };
  },

  async read(id, old, { context: postgres }) {
    const name = old?.inputs.name ?? id;
    const actual = await postgres.read((session) => readDatabase(session, name));
    if (actual === undefined) return undefined;
    const inputs = asRecorded(actual, old?.inputs);
    return { inputs, outputs: { ...inputs, ...actual, template: inputs.template ?? "template0" } };
  },

  async update(id, old, inputs, { context: postgres }) {
    const name = nameOf(inputs);
    await rename(postgres, old.inputs.name ?? id, name);
    const target = `ALTER DATABASE ${identifier(name)}`;
    const { owner } = inputs;
    if (owner !== undefined && owner !== old.outputs["owner"]) {
      if (inputs.alterObjectOwnership) await reassignObjects(postgres, name, owner);
      await postgres.change((session) => session.query(`${target} OWNER TO ${identifier(owner)}`));
    }
    const options: string[] = [];
    if (old.inputs.connectionLimit !== inputs.connectionLimit) {
      options.push(`CONNECTION LIMIT ${integer(inputs.connectionLimit)}`);
    }
    if (old.inputs.allowConnections !== inputs.allowConnections) {
      options.push(`ALLOW_CONNECTIONS ${boolean(inputs.allowConnections)}`);
    }
    if (inputs.isTemplate !== undefined && inputs.isTemplate !== old.outputs["isTemplate"]) {
      options.push(`IS_TEMPLATE ${boolean(inputs.isTemplate)}`);
    }
    await postgres.change(async (session) => {
      if (options.length > 0) await session.query(`${target} WITH ${options.join(" ")}`);
      const { tablespaceName } = inputs;
      if (tablespaceName !== undefined && tablespaceName !== old.outputs["tablespaceName"]) {
        const tablespace = isDefault(tablespaceName) ? "pg_default" : tablespaceName;
        await session.query(`${target} SET TABLESPACE ${identifier(tablespace)}`);
      }
    });
    return outputsOf(postgres, name, inputs);
  },

  async delete(id, old, { context: postgres }) {
    const name = old.inputs.name ?? id;
    await postgres.change(async (session) => {
      const actual = await readDatabase(session, name);
      if (actual === undefined) return;
      if (actual.isTemplate) {
        await session.query(`ALTER DATABASE ${identifier(name)} WITH IS_TEMPLATE false`);
      }
      await session.query(`DROP DATABASE IF EXISTS ${identifier(name)} WITH (FORCE)`);
    });
  },
});

/** `check` has filled in the name. */
function nameOf(inputs: DatabaseInputs): string {
  if (inputs.name === undefined) throw new Error("the database has no name");
  return inputs.name;
}

function isDefault(value: string | undefined): boolean {
  return value?.toUpperCase() === "DEFAULT";
}

/** `UTF-8` and `utf8` are the same to Postgres. */
function isSameEncoding(left: unknown, right: unknown): boolean {
  if (typeof left !== "string" || typeof right !== "string") return left === right;
  const plain = (encoding: string) => encoding.toLowerCase().replaceAll(/[^a-z0-9]/g, "");
  return plain(left) === plain(right);
}

function createStatement(name: string, inputs: DatabaseInputs): string {
  const byName = (value: string) => (isDefault(value) ? "DEFAULT" : identifier(value));
  const byText = (value: string) => (isDefault(value) ? "DEFAULT" : literal(value));
  const { owner, lcCollate, lcCtype, tablespaceName } = inputs;
  return [
    `CREATE DATABASE ${identifier(name)} WITH`,
    ...(owner === undefined ? [] : [`OWNER ${byName(owner)}`]),
    `TEMPLATE ${byName(inputs.template ?? "template0")}`,
    `ENCODING ${byText(inputs.encoding ?? "UTF8")}`,
    ...(lcCollate === undefined ? [] : [`LC_COLLATE ${byText(lcCollate)}`]),
    ...(lcCtype === undefined ? [] : [`LC_CTYPE ${byText(lcCtype)}`]),
    ...(tablespaceName === undefined ? [] : [`TABLESPACE ${byName(tablespaceName)}`]),
    `ALLOW_CONNECTIONS ${boolean(inputs.allowConnections)}`,
    `CONNECTION LIMIT ${integer(inputs.connectionLimit)}`,
    `IS_TEMPLATE ${boolean(inputs.isTemplate ?? false)}`,
  ].join(" ");
}

/** What the program wrote, where the server says the same. An import takes everything. */
function asRecorded(actual: ActualDatabase, recorded: DatabaseInputs | undefined): DatabaseInputs {
  const inputs: DatabaseInputs = { alterObjectOwnership: false, ...recorded, ...actual };
  if (recorded === undefined) return inputs;
  for (const key of CHOSEN) {
    const given = recorded[key];
    if (given === undefined) Reflect.deleteProperty(inputs, key);
    else if (typeof given === "string" && isDefault(given)) Object.assign(inputs, { [key]: given });
  }
  if (recorded.encoding !== undefined && isSameEncoding(recorded.encoding, actual.encoding)) {
    inputs.encoding = recorded.encoding;
  }
  return inputs;
}

async function outputsOf(postgres: PostgresConnection, name: string, inputs: DatabaseInputs) {
  const actual = await postgres.read((session) => readDatabase(session, name));
  return { ...inputs, ...actual, template: inputs.template ?? "template0" };
}

async function rename(postgres: PostgresConnection, old: string, name: string): Promise<void> {
  if (old === name) return;
  try {
    await postgres.change((session) =>
      session.query(`ALTER DATABASE ${identifier(old)} RENAME TO ${identifier(name)}`),
    );
  } catch (error) {
    if (codeOf(error) !== SqlState.objectInUse) throw error;
    throw new PostgresError(
      SqlState.objectInUse,
      `Postgres database "${old}" cannot be renamed while someone is connected. Stop its clients first.`,
      { cause: error },
    );
  }
}

async function reassignObjects(
  postgres: PostgresConnection,
  name: string,
  owner: string,
): Promise<void> {
  const actual = await postgres.read((session) => readDatabase(session, name));
  if (actual === undefined || actual.owner === owner) return;
  await postgres.transaction(
    (session) =>
      session.query(`REASSIGN OWNED BY ${identifier(actual.owner)} TO ${identifier(owner)}`),
    name,
  );
}

/**
 * An update that was interrupted while it made the database left it as wanted and empty: it is taken
 * over. Any other database of this name belongs to someone else.
 */
async function requireOurs(
  postgres: PostgresConnection,
  name: string,
  wanted: DatabaseInputs,
): Promise<void> {
  const actual = await postgres.read((session) => readDatabase(session, name));
  if (actual !== undefined) {
    const recorded = asRecorded(actual, wanted);
    const { changes } = diffBridged({ inputs: recorded, outputs: {} }, wanted, [], {
      replaceOn: [],
    });
    const isOwnerAsWanted = wanted.owner !== undefined || actual.owner === postgres.user;
    if (changes.length === 0 && isOwnerAsWanted && (await isEmpty(postgres, name))) return;
  }
  throw new PostgresError(
    SqlState.duplicateDatabase,
    `Postgres database "${name}" exists already, with other settings or with tables in it. ` +
      `Take it over with: pulumi import postgresql:index/database:Database NAME ${name}, or choose another name.`,
  );
}
