import type { Data, Table } from "apache-arrow";

import { readerOf, type Value } from "./values.ts";

/** One row, by column name. */
export type Row = Record<string, Value>;

/** The table's rows as plain objects, in which no value has lost precision. */
export function rowsOf(table: Table): Row[] {
  return table.batches.flatMap(({ data, numRows, schema }) => {
    const columns = schema.fields.map(
      ({ name }, index) => [name, readerOf(data.children[index] as Data)] as const,
    );
    return Array.from({ length: numRows }, (_, row) =>
      Object.fromEntries(columns.map(([name, read]) => [name, read(row)])),
    );
  });
}
