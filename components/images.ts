import { readFile } from "node:fs/promises";
import { resolve } from "node:path";

import { RunError } from "@pulumi/pulumi";
import { z } from "zod";

import { upstreamImages } from "./versions.ts";

/** Written by the command line tool after it built the images. */
const file = resolve(import.meta.dirname, "../.lakehouse/images.json");

/** A name in a registry with a tag, and a digest if it is to be pinned for good. */
export const imageReference = z
  .string()
  .regex(/^\S+\/[^\s:@]+:[\w.-]+(@sha256:[0-9a-f]{64})?$/, "must be an image reference with a tag")
  .refine((image) => !/:latest(@|$)/.test(image), "must not float with `latest`");

const schema = z.object({
  kafka: imageReference,
  minio: imageReference,
  nessie: imageReference,
  postgres: imageReference,
  valkey: imageReference,
  streaming: imageReference,
  maintenance: imageReference,
  features: imageReference,
  /** Built only for a stack that captures changes. */
  "kafka-connect": imageReference.optional(),
  cdc: imageReference.optional(),
  "spark-operator": imageReference,
  query: imageReference,
  apps: imageReference,
  /** Built only for a stack that has Airflow. */
  airflow: imageReference.optional(),
  /** Built only for a stack that has a notebook. */
  notebook: imageReference.optional(),
  /**
   * Folder of the operator's Helm chart, out of the same module as the operator. Where nothing was
   * built there is none, and the chart comes from its repository.
   */
  "spark-operator-chart": z.string().min(1).optional(),
});

/** The image of each part of the platform. */
export type Images = Readonly<z.infer<typeof schema>>;

/** The images by name, as `lakehouse:imageReferences` names them. */
export const imageNames = Object.keys(schema.shape).filter(
  (name) => name !== "spark-operator-chart",
);

/** Where a stack's images come from. */
export interface ImageSources {
  /**
   * Host and path of the registry that `npm run images -- --push` has brought the built ones to;
   * undefined for images that the cluster already has.
   */
  readonly registry: string | undefined;
  /** Whether the projects' own images are taken where the manifests can start them. */
  readonly areUpstream: boolean;
  /** References of single images by name; they win. */
  readonly references: Readonly<Record<string, string>>;
}

/**
 * The images of a stack: those that were built for this clone, the projects' own in their place if
 * the stack wants them, and what the stack names itself before both.
 * @throws RunError that names the images which are nowhere to be had, with the cure.
 */
export async function readImages(
  { areUpstream, registry, references }: ImageSources,
  path = file,
): Promise<Images> {
  const result = schema.safeParse({
    ...inRegistry(await readBuilt(path), registry),
    ...(areUpstream && upstreamImages),
    ...references,
  });
  if (result.success) return result.data;
  const names = result.error.issues.map(({ path: [name] }) => String(name));
  throw new RunError(
    `There are no images, or no references with a tag, for ${[...new Set(names)].join(", ")}. ` +
      "Either run `npm run up`, which builds the images and loads them into the cluster, or " +
      "`npm run images -- --push REGISTRY`, and put what it prints into the stack's config.",
  );
}

/** What was built, if anything was. */
async function readBuilt(path: string): Promise<Record<string, string>> {
  const text = await readFile(path, "utf8").catch(() => "{}");
  return JSON.parse(text) as Record<string, string>;
}

/** Images as a registry has them: name and hash stay. */
function inRegistry(images: Record<string, string>, registry: string | undefined): object {
  const there = Object.entries(images).map(([name, reference]) => {
    const isImage = registry !== undefined && imageNames.includes(name);
    return [name, isImage ? `${registry}/${reference.replace(/^.*\//, "")}` : reference] as const;
  });
  return Object.fromEntries(there);
}
