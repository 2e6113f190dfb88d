import { z } from "zod";

import type { PipelineTable } from "../../api.ts";
import { getJson } from "./http.ts";

const namespace = "ecommerce_db";

const config = z.object({
  defaults: z.record(z.string(), z.string()).default({}),
  overrides: z.record(z.string(), z.string()).default({}),
});
const tableList = z.object({ identifiers: z.array(z.object({ name: z.string() })) });
const snapshot = z.object({
  "snapshot-id": z.number(),
  "timestamp-ms": z.number(),
  summary: z.record(z.string(), z.string()).default({}),
});
const table = z.object({
  metadata: z.object({
    "last-sequence-number": z.number().optional(),
    "current-snapshot-id": z.number().nullish(),
    snapshots: z.array(snapshot).default([]),
  }),
});

/**
 * The tables as Nessie's Iceberg REST interface describes them. No data are read: a snapshot's
 * summary holds its numbers of rows and files. Nessie gives the newest snapshot only; how many there
 * have been is the table's sequence number, which each commit raises by one.
 * @param uri base address of Nessie
 */
export async function readTables(uri: string): Promise<PipelineTable[]> {
  const { defaults, overrides } = config.parse(await getJson(`${uri}/iceberg/v1/config`));
  // The prefix is encoded already.
  const prefix = overrides["prefix"] ?? defaults["prefix"];
  const base = [`${uri}/iceberg/v1`, ...(prefix === undefined ? [] : [prefix])].join("/");
  const tables = `${base}/namespaces/${namespace}/tables`;
  const { identifiers } = tableList.parse(await getJson(tables));
  return Promise.all(
    identifiers
      .map(({ name }) => name)
      .toSorted()
      .map(async (name) => tableOf(name, await getJson(`${tables}/${encodeURIComponent(name)}`))),
  );
}

/** What the metadata of a table tell. */
export function tableOf(name: string, answer: unknown): PipelineTable {
  const { metadata } = table.parse(answer);
  const current = metadata.snapshots.find(
    (each) => each["snapshot-id"] === metadata["current-snapshot-id"],
  );
  // A table that was never written has no snapshot.
  if (current === undefined) {
    return { name, rows: 0, files: 0, bytes: 0, commits: 0, lastCommit: null };
  }
  const figure = (key: string): number | null => {
    const value = current.summary[key];
    return value === undefined ? null : Number(value);
  };
  return {
    name,
    rows: figure("total-records"),
    files: figure("total-data-files"),
    bytes: figure("total-files-size"),
    commits: metadata["last-sequence-number"] ?? null,
    lastCommit: new Date(current["timestamp-ms"]).toISOString(),
  };
}
