import { z } from "zod";
import { diffBridged } from "../bridged/diff.ts";
import { resourceType } from "../runtime/provider.ts";
import { roleId } from "./catalog.ts";
import type { PostgresConnection } from "./connection.ts";
import { identifier, objectName } from "./sql.ts";

const membershipInputs = z.object({
  /** The member. */
  role: objectName,
  /** The role that it becomes a member of. */
  grantRole: objectName,
  /** Lets the member make others members. */
  withAdminOption: z.boolean().default(false),
});

/** The membership of one role in another. Any change makes a new one. */
export const grantRole = resourceType<typeof membershipInputs, PostgresConnection>({
  inputs: membershipInputs,

  diff: (_id, old, inputs, { ignoreChanges }) => ({
    ...diffBridged(old, inputs, ignoreChanges, {
      replaceOn: ["role", "grantRole", "withAdminOption"],
    }),
    // The old one and the new one may be the same membership, which the old one would take away.
    deleteBeforeReplace: true,
  }),

  async create(inputs, { context: postgres }) {
    const [granted, member] = [identifier(inputs.grantRole), identifier(inputs.role)];
    const option = inputs.withAdminOption ? " WITH ADMIN OPTION" : "";
    await postgres.transaction(async (session) => {
      // Or an admin option from before would stay.
      await session.query(`REVOKE ${granted} FROM ${member}`);
      await session.query(`GRANT ${granted} TO ${member}${option}`);
    });
    const id = [inputs.role, inputs.grantRole, String(inputs.withAdminOption)].join("_");
    return { id, outputs: inputs };
  },

  async read(id, old, { context: postgres }) {
    if (old === undefined) throw new Error(`A membership cannot be imported (${id})`);
    const [found] = await postgres.read((session) =>
      session.query<{ admin_option: boolean }>(
        `SELECT bool_or(admin_option) AS admin_option FROM pg_auth_members
         WHERE pg_get_userbyid(member) = $1 AND pg_get_userbyid(roleid) = $2
         GROUP BY member, roleid`,
        [old.inputs.role, old.inputs.grantRole],
      ),
    );
    if (found === undefined) return undefined;
    const inputs = { ...old.inputs, withAdminOption: found.admin_option };
    return { inputs, outputs: inputs };
  },

  async delete(_id, old, { context: postgres }) {
    const { role, grantRole: granted } = old.inputs;
    await postgres.transaction(async (session) => {
      for (const name of [role, granted]) {
        if ((await roleId(session, name)) === undefined) return;
      }
      await session.query(`REVOKE ${identifier(granted)} FROM ${identifier(role)}`);
    });
  },
});
