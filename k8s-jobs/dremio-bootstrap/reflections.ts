import { isDeepStrictEqual } from "node:util";

import { z } from "zod";

import { UserError } from "../../cli/errors.ts";
import { type DremioClient, DremioError } from "./client.ts";
import { byPath, namespace, sourceName } from "./names.ts";
import { patiently, type Patience } from "./patience.ts";

/** The KPI tables, and the column by which each is asked for. */
const reflected = { kpis_per_minute: "window_start" } as const;
const reflectionName = "lakehouse_raw";

/**
 * By default Dremio answers from a reflection for as long as it has not expired, hours after the table
 * went on. With this it does so only while the reflection is of the table's latest snapshot.
 */
const freshOnly = "reflections.planning.current_iceberg_data_only";

const setting = z.looseObject({ type: z.literal("BOOLEAN"), id: z.string(), value: z.boolean() });

/**
 * Makes sure that reflections never make an answer old.
 * @returns whether something had to be changed.
 * @throws UserError if this Dremio has no such setting.
 */
export async function ensureFreshAnswers(client: DremioClient): Promise<boolean> {
  const path = `/apiv2/settings/${freshOnly}`;
  const existing = await client.find(path, setting);
  if (existing === undefined) {
    throw new UserError(`This Dremio does not know the setting ${freshOnly}`, {
      cure: "Set `dremio` in components/versions.ts to a version that does, such as 25.2.0.",
    });
  }
  if (existing.value) return false;
  await client.change(path, { type: "BOOLEAN", id: freshOnly, value: true }, setting);
  return true;
}

const table = z.looseObject({
  id: z.string(),
  fields: z.array(z.looseObject({ name: z.string() })).min(1),
});
const named = z.array(z.looseObject({ name: z.string() })).nullish();
const reflection = z.looseObject({
  id: z.string(),
  name: z.string(),
  tag: z.string().nullish(),
  enabled: z.boolean().nullish(),
  displayFields: named,
  sortFields: named,
});
const reflectionList = z.object({ data: z.array(reflection) });

class NoTableError extends Error {
  override readonly name = "NoTableError";
}

/**
 * Makes sure that each KPI table has a reflection of all its columns.
 * @returns the tables whose reflection had to be created or changed.
 * @throws NoTableError if a table does not come in time.
 */
export async function ensureReflections(
  client: DremioClient,
  patience: Patience,
): Promise<string[]> {
  const changed: string[] = [];
  for (const [name, sortedBy] of Object.entries(reflected)) {
    const isChanged = await patiently(
      patience,
      () => ensureReflection(client, name, sortedBy),
      isPassing,
    );
    if (isChanged) changed.push(name);
  }
  return changed;
}

/** There is no table yet, or somebody changed the reflection in the meantime. */
function isPassing(error: unknown): boolean {
  return error instanceof NoTableError || (error instanceof DremioError && error.status === 409);
}

async function findTable(client: DremioClient, name: string): Promise<z.infer<typeof table>> {
  const found = await client.find(byPath(sourceName, namespace, name), table);
  if (found === undefined) throw new NoTableError(`there is no table ${namespace}.${name} yet`);
  return found;
}

async function ensureReflection(
  client: DremioClient,
  tableName: string,
  sortedBy: string,
): Promise<boolean> {
  const { id: datasetId, fields } = await findTable(client, tableName);
  const columns = fields.map(({ name }) => name);
  const wanted = {
    type: "RAW",
    name: reflectionName,
    datasetId,
    enabled: true,
    displayFields: columns.map((name) => ({ name })),
    sortFields: [{ name: sortedBy }],
  };
  const path = `/api/v3/dataset/${encodeURIComponent(datasetId)}/reflection`;
  const { data } = (await client.find(path, reflectionList)) ?? { data: [] };
  const existing = data.find(({ name }) => name === reflectionName);
  if (existing === undefined) {
    await client.create("/api/v3/reflection", wanted, reflection);
    return true;
  }
  const { id, tag, enabled, displayFields, sortFields } = existing;
  const isAsWanted =
    enabled === true &&
    isDeepStrictEqual(namesOf(displayFields), columns) &&
    isDeepStrictEqual(namesOf(sortFields), [sortedBy]);
  if (isAsWanted) return false;
  await client.change(`/api/v3/reflection/${id}`, { ...wanted, id, tag }, reflection);
  return true;
}

const namesOf = (fields: z.infer<typeof named>) => fields?.map(({ name }) => name);
