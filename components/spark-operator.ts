import { readFileSync } from "node:fs";
import { resolve } from "node:path";

import { helm } from "@pulumi/kubernetes";
import {
  ComponentResource,
  type ComponentResourceOptions,
  type Input,
  type Output,
} from "@pulumi/pulumi";
import { parse } from "yaml";

import { versions } from "./versions.ts";

/** What a Spark application needs to be submitted, known once the operator is ready. */
export interface SparkSubmission {
  /** Account of drivers, which may create executors. */
  readonly serviceAccount: Output<string>;
}

export interface SparkOperatorArgs {
  /** Where the operator runs, and where it looks for SparkApplications. */
  readonly namespace: Input<string>;
  readonly image: string;
  /** Folder of the operator's chart. @default that of its own repository, which is downloaded */
  readonly chart?: string | undefined;
}

/** The kubeflow Spark operator from its official chart: it submits SparkApplications and restarts them. */
export class SparkOperator extends ComponentResource implements SparkSubmission {
  readonly serviceAccount: Output<string>;

  constructor(name: string, args: SparkOperatorArgs, opts?: ComponentResourceOptions) {
    super("lakehouse:streaming:SparkOperator", name, {}, opts);
    const release = new helm.v3.Release(
      name,
      {
        // Fixed: the chart derives the service account's name from it.
        name,
        namespace: args.namespace,
        ...chartSource(args.chart),
        values: {
          ...chartValues(),
          image: { ...imageParts(args.image), pullPolicy: "IfNotPresent" },
          spark: { jobNamespaces: [args.namespace] },
        },
        // Seconds. Its pods are ready within two, but may have to wait for a busy machine.
        timeout: 300,
      },
      { parent: this },
    );
    this.serviceAccount = release.status.apply(() => `${name}-spark`);
    this.registerOutputs({ serviceAccount: this.serviceAccount });
  }
}

function chartSource(folder: string | undefined) {
  if (folder !== undefined) return { chart: folder };
  return {
    chart: "spark-operator",
    version: versions.sparkOperatorChart,
    repositoryOpts: { repo: "https://kubeflow.github.io/spark-operator" },
  };
}

/** The static values; keys that the program sets itself are not among them. */
function chartValues(): Record<string, unknown> {
  const file = resolve(import.meta.dirname, "../charts-values/spark-operator.yaml");
  return parse(readFileSync(file, "utf8")) as Record<string, unknown>;
}

/** An image reference in the three parts that the chart puts together again. */
function imageParts(image: string): { registry: string; repository: string; tag: string } {
  const slash = image.indexOf("/");
  // The digest, if there is one, stays with the tag.
  const colon = image.indexOf(":", image.lastIndexOf("/"));
  return {
    registry: image.slice(0, slash),
    repository: image.slice(slash + 1, colon),
    tag: image.slice(colon + 1),
  };
}
