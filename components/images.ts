import { readFile } from "node:fs/promises";
import { resolve } from "node:path";

import { RunError } from "@pulumi/pulumi";
import { z } from "zod";

/** Written by the command line tool after it built the images and loaded them into the cluster. */
const file = resolve(import.meta.dirname, "../.lakehouse/images.json");

const reference = z
  .string()
  .regex(/^\S+\/\S+:[\w.-]+$/, "must be an image reference with a tag")
  .refine((image) => !image.endsWith(":latest"), "must not float with `latest`");

const schema = z.object({
  kafka: reference,
  minio: reference,
  nessie: reference,
  postgres: reference,
  valkey: reference,
  streaming: reference,
  maintenance: reference,
  features: reference,
  /** Built only for a stack that captures changes. */
  "kafka-connect": reference.optional(),
  cdc: reference.optional(),
  "spark-operator": reference,
  query: reference,
  apps: reference,
  /** Built only for a stack that has Airflow. */
  airflow: reference.optional(),
  /** Built only for a stack that has a notebook. */
  notebook: reference.optional(),
  /** Folder of the operator's Helm chart, out of the same module as the operator. */
  "spark-operator-chart": z.string().min(1),
});

/** The image of each part of the platform. */
export type Images = Readonly<z.infer<typeof schema>>;

/**
 * The images that were built for this clone.
 * @throws RunError when they have not been built.
 */
export async function readImages(path = file): Promise<Images> {
  const cure = "Run `npm run up`, which builds the images and loads them into the cluster.";
  const text = await readFile(path, "utf8").catch((error: unknown) => {
    throw new RunError(`There are no images yet (${(error as Error).message}). ${cure}`);
  });
  const result = schema.safeParse(JSON.parse(text));
  if (!result.success) {
    throw new RunError(`${path} is incomplete. ${cure}\n${z.prettifyError(result.error)}`);
  }
  return result.data;
}
