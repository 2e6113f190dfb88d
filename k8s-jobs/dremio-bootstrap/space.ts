import { z } from "zod";

import { UserError } from "../../cli/errors.ts";
import { type DremioClient, DremioError } from "./client.ts";
import { byPath, spaceName } from "./names.ts";

const entity = z.looseObject({ entityType: z.string() });

/**
 * Makes sure that the space for the views is there.
 * @returns whether it had to be created.
 * @throws UserError if something else bears its name.
 */
export async function ensureSpace(client: DremioClient): Promise<boolean> {
  const existing = await client.find(byPath(spaceName), entity);
  if (existing !== undefined && existing.entityType !== "space") {
    throw new UserError(`Dremio has a ${existing.entityType} ${spaceName}, not a space`, {
      cure: "Give it another name, or remove it.",
    });
  }
  if (existing !== undefined) return false;
  try {
    await client.create("/api/v3/catalog", { entityType: "space", name: spaceName }, entity);
    return true;
  } catch (error) {
    // Another run was faster.
    if (error instanceof DremioError && error.status === 409) return false;
    throw error;
  }
}
