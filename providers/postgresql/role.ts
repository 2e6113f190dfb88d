import { z } from "zod";
import { diffBridged } from "../bridged/diff.ts";
import { withName } from "../bridged/names.ts";
import { InvalidInputs, resourceType } from "../runtime/provider.ts";
import { isUnknown } from "../runtime/values.ts";
import type { PostgresConnection, Session } from "./connection.ts";
import { codeOf, PostgresError, SqlState } from "./errors.ts";
import { asRecorded, readRole } from "./role-catalog.ts";
import { alterRole, createRole } from "./role-statements.ts";
import { identifier, objectName } from "./sql.ts";

const milliseconds = z.int().min(0, "must be at least 0 ms").optional();

export const roleInputs = z.object({
  name: objectName.optional(),
  /** Text, its stored form (`SCRAM-SHA-256$...`, `md5...`), or `NULL` for none. */
  password: z.string().min(1, "must not be empty; leave it out, or give NULL, for none").optional(),
  encryptedPassword: z
    .literal(true, "must be true: Postgres stores no plain passwords")
    .default(true),
  login: z.boolean().default(false),
  superuser: z.boolean().default(false),
  createDatabase: z.boolean().default(false),
  createRole: z.boolean().default(false),
  inherit: z.boolean().default(true),
  replication: z.boolean().default(false),
  bypassRowLevelSecurity: z.boolean().default(false),
  connectionLimit: z.int().min(-1, "must be at least 0, or -1 for no limit").default(-1),
  validUntil: z.string().default("infinity"),
  /** Roles that this one is a member of. Left alone where none are given. */
  roles: z.array(objectName).optional(),
  searchPaths: z.array(objectName).optional(),
  statementTimeout: milliseconds,
  idleInTransactionSessionTimeout: milliseconds,
  /** Role to switch to at login. */
  assumeRole: objectName.optional(),
  /** What `delete` leaves undone. */
  skipDropRole: z.boolean().default(false),
  skipReassignOwned: z.boolean().default(false),
});
export type RoleInputs = z.infer<typeof roleInputs>;

/** A role with its attributes, memberships and settings. A new name renames it in place. */
export const role = resourceType<typeof roleInputs, PostgresConnection>({
  inputs: roleInputs,
  secretOutputs: ["password"],

  check(inputs, operation) {
    if (!isUnknown(inputs.name) && inputs.name?.startsWith("pg_")) {
      const reason = "must not begin with pg_, which Postgres keeps for itself";
      throw new InvalidInputs([{ property: "name", reason }]);
    }
    return withName(inputs, operation);
  },

  diff: (_id, old, inputs, { ignoreChanges }) =>
    diffBridged(old, inputs, ignoreChanges, { replaceOn: [], sets: ["roles"] }),

  async create(inputs, { context: postgres }) {
    const name = nameOf(inputs);
    try {
      await postgres.transaction((session) => run(session, createRole(name, inputs)));
    } catch (error) {
      if (codeOf(error) !== SqlState.duplicateObject) throw error;
      await requireOurs(postgres, name, inputs);
    }
    return { id: name, outputs: outputsOf(inputs) };
  },

  async read(id, old, { context: postgres }) {
    const found = await postgres.read((session) =>
      readRole(session, postgres, old?.inputs.name ?? id),
    );
    if (found === undefined) return undefined;
    const inputs = asRecorded(found, old?.inputs);
    return { inputs, outputs: { ...outputsOf(inputs), roles: found.roles } };
  },

  async update(id, old, inputs, { context: postgres }) {
    const before = { ...old.inputs, name: old.inputs.name ?? id };
    const after = { ...inputs, name: nameOf(inputs) };
    await postgres.transaction((session) => run(session, alterRole(before, after)));
    return outputsOf(inputs);
  },

  async delete(id, old, { context: postgres }) {
    const name = old.inputs.name ?? id;
    const dropped = identifier(name);
    await postgres.transaction(async (session) => {
      if ((await readRole(session, postgres, name)) === undefined) return;
      if (!old.inputs.skipReassignOwned) {
        await session.query(`REASSIGN OWNED BY ${dropped} TO CURRENT_USER`);
        await session.query(`DROP OWNED BY ${dropped}`);
      }
      if (!old.inputs.skipDropRole) await dropRole(session, name);
    });
  },
});

async function dropRole(session: Session, name: string): Promise<void> {
  try {
    await session.query(`DROP ROLE ${identifier(name)}`);
  } catch (error) {
    const { code, detail } = error as { code?: string; detail?: string };
    if (code !== SqlState.dependentObjectsExist) throw error;
    throw new PostgresError(
      SqlState.dependentObjectsExist,
      `Postgres role "${name}" is still needed: ${(detail ?? "").replaceAll("\n", ", ")}. ` +
        "Delete these first; what it owns in other databases has to be dropped or reassigned there.",
    );
  }
}

async function run(session: Session, statements: readonly string[]): Promise<void> {
  for (const statement of statements) await session.query(statement);
}

/** `check` has filled in the name. */
function nameOf(inputs: RoleInputs): string {
  if (inputs.name === undefined) throw new Error("the role has no name");
  return inputs.name;
}

/** What the official plugin's state holds for settings that are not given. */
function outputsOf(inputs: RoleInputs) {
  return {
    ...inputs,
    statementTimeout: inputs.statementTimeout ?? 0,
    idleInTransactionSessionTimeout: inputs.idleInTransactionSessionTimeout ?? 0,
  };
}

/**
 * A role is made in one transaction, so an interrupted update left it exactly as wanted, or not at
 * all. Any other role of this name belongs to someone else.
 */
async function requireOurs(
  postgres: PostgresConnection,
  name: string,
  wanted: RoleInputs,
): Promise<void> {
  const found = await postgres.read((session) => readRole(session, postgres, name));
  if (found !== undefined) {
    const inputs = asRecorded(found, wanted);
    // `null` is none; `undefined` that we may not see it.
    const isPasswordSame =
      wanted.password === undefined
        ? found.storedPassword === null
        : found.storedPassword !== undefined;
    const { changes } = diffBridged({ inputs, outputs: {} }, wanted, [], {
      replaceOn: [],
      sets: ["roles"],
    });
    if (changes.length === 0 && isPasswordSame) return;
  }
  throw new PostgresError(
    SqlState.duplicateObject,
    `Postgres role "${name}" exists already with other attributes or another password. ` +
      `Take it over with: pulumi import postgresql:index/role:Role NAME ${name}, or choose another name.`,
  );
}
