import type { DecodedArray, SchemaElement } from "hyparquet";
import { fileWriter, ParquetWriter } from "hyparquet-writer";

import type { StorageRow } from "./storage-row.ts";

type ColumnName = keyof StorageRow;

/** Rows that are held in memory until they are written. */
const rowGroupSize = 20_000;

const text = { type: "BYTE_ARRAY", converted_type: "UTF8" } as const;
const wholeNumber = { type: "INT64" } as const;
const required = { repetition_type: "REQUIRED" } as const;
const optional = { repetition_type: "OPTIONAL" } as const;

/** The columns as Spark reads them: string, timestamp, long, decimal(18,2). */
const columns: Readonly<Record<ColumnName, Omit<SchemaElement, "name">>> = {
  event_id: { ...text, ...required },
  event_time: {
    type: "INT64",
    converted_type: "TIMESTAMP_MICROS",
    logical_type: { type: "TIMESTAMP", isAdjustedToUTC: true, unit: "MICROS" },
    ...required,
  },
  event_type: { ...text, ...required },
  product_id: { ...wholeNumber, ...required },
  category_id: { ...wholeNumber, ...optional },
  category_code: { ...text, ...optional },
  brand: { ...text, ...optional },
  price: { type: "INT64", converted_type: "DECIMAL", precision: 18, scale: 2, ...required },
  user_id: { ...wholeNumber, ...required },
  user_session: { ...text, ...required },
};
const names = Object.keys(columns) as ColumnName[];

const schema: SchemaElement[] = [
  { name: "root", num_children: names.length },
  ...names.map((name) => ({ name, ...columns[name] })),
];

/** Writes rows into a Parquet file, compressed with Snappy, a few thousand at a time. */
export class ParquetFile {
  readonly path: string;
  readonly #writer: ParquetWriter;
  #rows: StorageRow[] = [];

  constructor(path: string) {
    this.path = path;
    this.#writer = new ParquetWriter({ writer: fileWriter(path), schema });
  }

  async add(row: StorageRow): Promise<void> {
    this.#rows.push(row);
    if (this.#rows.length === rowGroupSize) await this.#flush();
  }

  /** Writes what is left. The file is complete then. */
  async finish(): Promise<void> {
    if (this.#rows.length > 0) await this.#flush();
    await this.#writer.finish();
  }

  async #flush(): Promise<void> {
    const rows = this.#rows;
    this.#rows = [];
    await this.#writer.write({
      rowGroupSize: rows.length,
      columnData: names.map((name) => ({ name, data: valuesOf(name, rows) })),
    });
  }
}

function valuesOf(name: ColumnName, rows: readonly StorageRow[]): DecodedArray {
  return name === "event_time"
    ? rows.map(({ event_time: time }) => BigInt(time) * 1_000n)
    : rows.map((row) => row[name]);
}
