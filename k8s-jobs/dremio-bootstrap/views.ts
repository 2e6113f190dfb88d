import { readdir, readFile } from "node:fs/promises";
import { basename, join } from "node:path";

import { z } from "zod";

import { UserError } from "../../cli/errors.ts";
import { type DremioClient, DremioError } from "./client.ts";
import { byPath, spaceName } from "./names.ts";
import { patiently, type Patience } from "./patience.ts";

/** A view of the space. */
export interface View {
  readonly name: string;
  /** One SELECT, without a semicolon. */
  readonly sql: string;
}

/**
 * The views of a folder: one `.sql` file each, whose name is the view's.
 * @throws UserError naming every file that holds no single query.
 */
export async function readViews(folder: string): Promise<View[]> {
  const files = (await readdir(folder)).filter((file) => file.endsWith(".sql")).toSorted();
  const views = await Promise.all(
    files.map(async (file) => {
      const text = await readFile(join(folder, file), "utf8");
      return { name: basename(file, ".sql"), sql: text.trim().replace(/\s*;$/, "") };
    }),
  );
  const faulty = views.filter(({ name, sql }) => !/^[\w-]+$/.test(name) || !isQuery(sql));
  if (faulty.length > 0) {
    throw new UserError(
      `Not one query in each of: ${faulty.map(({ name }) => `${name}.sql`).join(", ")}`,
      { cure: "A file holds one SELECT; its name consists of letters, digits, _ and -." },
    );
  }
  return views;
}

/** Whether the text, but for comments at its start, is a query. Dremio checks the rest. */
function isQuery(sql: string): boolean {
  return /^(\s|--[^\n]*\n|\/\*[^]*?\*\/)*(select|with)\b/i.test(sql);
}

const dataset = z.looseObject({
  entityType: z.literal("dataset", { error: "is there, but is no view" }),
  id: z.string(),
  tag: z.string().nullish(),
  sql: z.string().nullish(),
});

/** Some views cannot be made yet. */
class LateError extends Error {
  override readonly name = "LateError";
}

/**
 * Makes sure that all views are there with the right SQL. Views may be built upon each other, and
 * tables upon which they are built may come late.
 * @returns the names of those that had to be created or changed.
 * @throws LateError if what they are built upon does not come in time.
 * @throws DremioError if Dremio refuses one for another reason.
 */
export async function ensureViews(
  client: DremioClient,
  views: readonly View[],
  patience: Patience,
): Promise<string[]> {
  const changed: string[] = [];
  let left = views;
  const round = async (): Promise<void> => {
    const late: [View, DremioError][] = [];
    for (const view of left) {
      try {
        if (await ensureView(client, view)) changed.push(view.name);
      } catch (error) {
        if (!(error instanceof DremioError && isPassing(error))) throw error;
        late.push([view, error]);
      }
    }
    const hasProgressed = late.length < left.length;
    left = late.map(([view]) => view);
    if (left.length > 0 && hasProgressed) return round();
    if (left.length === 0) return;
    const reasons = late.map(([{ name }, { reason }]) => `${name} (${reason})`);
    throw new LateError(`there are no views yet: ${reasons.join(", ")}`);
  };
  await patiently(patience, round, (error) => error instanceof LateError);
  return changed;
}

/**
 * A conflict: somebody changed the view in the meantime. Or Dremio's parser: "Object 'orders' not
 * found within 'nessie_minio_catalog.ecommerce_db'".
 */
function isPassing({ status, reason }: DremioError): boolean {
  return status === 409 || (status === 400 && /\bnot found\b/i.test(reason));
}

async function ensureView(client: DremioClient, { name, sql }: View): Promise<boolean> {
  const existing = await client.find(byPath(spaceName, name), dataset);
  const view = {
    entityType: "dataset",
    type: "VIRTUAL_DATASET",
    path: [spaceName, name],
    sql,
  };
  if (existing === undefined) {
    await client.create("/api/v3/catalog", view, dataset);
    return true;
  }
  if (existing.sql === sql) return false;
  const { id, tag } = existing;
  await client.change(`/api/v3/catalog/${encodeURIComponent(id)}`, { ...view, id, tag }, dataset);
  return true;
}
