/** The catalog of the tables, as Dremio and Spark name it alike. */
export const sourceName = "nessie_minio_catalog";
/** The namespace of the tables in it. */
export const namespace = "ecommerce_db";
/** Dremio's space with the views. */
export const spaceName = "lakehouse";

/** Where an entity of Dremio's catalog is found by its path. */
export function byPath(...path: string[]): string {
  return `/api/v3/catalog/by-path/${path.map(encodeURIComponent).join("/")}`;
}
