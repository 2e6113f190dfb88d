import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";

import { core } from "@pulumi/kubernetes";
import type { Input, Resource } from "@pulumi/pulumi";

import { type ContainerArgs, labels } from "./pod.ts";

export interface OurEntrypoint {
  /** Folder under images/ that has the entrypoint. */
  readonly image: string;
  /** Further files of it that the entrypoint reads. @default none */
  readonly files?: readonly string[];
  /** Folder that they are mounted at; what the image itself has there is not seen. */
  readonly path: string;
}

/**
 * Starts a project's own image as ours is started: with entrypoint.sh of images/<image>, which needs
 * no more of an image than the programs that it runs.
 */
export function ourEntrypoint(
  name: string,
  { image, files = [], path }: OurEntrypoint,
  namespace: Input<string>,
  parent: Resource,
): Required<Pick<ContainerArgs, "command" | "files">> {
  const folder = resolve(import.meta.dirname, "../../images", image);
  const read = (file: string) => [file, readFileSync(join(folder, file), "utf8")] as const;
  const config = new core.v1.ConfigMap(
    `${name}-entrypoint`,
    {
      metadata: { namespace, labels: labels(name) },
      data: Object.fromEntries(["entrypoint.sh", ...files].map(read)),
    },
    { parent },
  );
  return {
    command: ["sh", `${path}/entrypoint.sh`],
    files: { entrypoint: { path, configMap: config.metadata.name } },
  };
}
