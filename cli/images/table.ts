import { join } from "node:path";
import type { DebianSuite } from "../build/base.ts";
import { buildGo } from "../build/go.ts";
import { mavenJars } from "../build/maven.ts";
import { browserClient, nodeBinary, nodeBundle } from "../build/node.ts";
import { pythonPackages } from "../build/python.ts";
import { root } from "../host/paths.ts";
import type { Progress } from "../progress.ts";
import { upstreamImages } from "../../components/versions.ts";
import { operatorModule } from "./operator-chart.ts";
import { sourceFolder } from "./source-folder.ts";
import { sparkDistribution } from "./spark-distribution.ts";

/**
 * Makes files on this machine, or finds them in the cache, and returns the path of a folder or file
 * there. The path says what the files were made from: other files are at another path.
 */
export type Input = (progress: Progress) => Promise<string>;

/** An image: a Containerfile, the files beside it, and what is fetched or compiled for it. */
export interface Image {
  /** What it builds upon: a Debian suite, or another image of the table. */
  readonly from: { readonly suite: DebianSuite } | { readonly image: ImageName };
  /** The key of the stack's config that must be true for it to be needed. @default always needed */
  readonly onlyWith?: string;
  /** The inputs by their paths in the build context. */
  readonly inputs?: Readonly<Record<string, Input>>;
}

export type ImageName =
  | "kafka"
  | "minio"
  | "nessie"
  | "postgres"
  | "valkey"
  | "spark"
  | "streaming"
  | "maintenance"
  | "features"
  | "kafka-connect"
  | "cdc"
  | "spark-operator"
  | "query"
  | "apps"
  | "airflow"
  | "notebook";

/** The folder with an image's Containerfile. */
export function imageFolder(name: ImageName): string {
  return join(root, "images", name);
}

const jarsOf =
  (name: ImageName): Input =>
  (progress) =>
    mavenJars(join(imageFolder(name), "pom.xml"), progress);

/** What images with a server in Java have in common. */
const javaTools = sourceFolder("images/java");

/** Every image of the platform; README.md in images/ tells more about each. */
export const images: Readonly<Record<ImageName, Image>> = {
  kafka: { from: { suite: "trixie" }, inputs: { java: javaTools, jars: jarsOf("kafka") } },
  minio: {
    from: { suite: "trixie" },
    inputs: {
      "bin/minio": (progress) =>
        buildGo(
          {
            name: "minio",
            moduleDir: imageFolder("minio"),
            package: "github.com/minio/minio",
            output: "minio",
          },
          progress,
        ),
    },
  },
  nessie: { from: { suite: "trixie" }, inputs: { java: javaTools, jars: jarsOf("nessie") } },
  postgres: { from: { suite: "trixie" } },
  valkey: { from: { suite: "trixie" } },
  spark: {
    from: { suite: "bookworm" },
    inputs: { spark: sparkDistribution, jars: jarsOf("spark") },
  },
  streaming: {
    from: { image: "spark" },
    inputs: { streaming: sourceFolder("k8s-jobs/streaming") },
  },
  // Upon the streaming job, whose tables and settings it shares.
  maintenance: {
    from: { image: "streaming" },
    inputs: { maintenance: sourceFolder("k8s-jobs/maintenance") },
  },
  // As the maintenance, with the clients of the stores.
  features: {
    from: { image: "streaming" },
    inputs: {
      "site-packages": (progress) =>
        // The Python of Debian bookworm, which Spark's image has.
        pythonPackages(join(root, "k8s-jobs/features/requirements.txt"), "3.11", progress),
      features: sourceFolder("k8s-jobs/features"),
    },
  },
  "kafka-connect": {
    from: { suite: "trixie" },
    onlyWith: "lakehouse:cdc",
    inputs: { jars: jarsOf("kafka-connect") },
  },
  // Upon the streaming job, whose tables, dead letters and settings it shares.
  cdc: {
    from: { image: "streaming" },
    onlyWith: "lakehouse:cdc",
    inputs: { cdc: sourceFolder("k8s-jobs/cdc") },
  },
  "spark-operator": {
    from: { image: "spark" },
    inputs: { "bin/spark-operator": (progress) => buildGo(operatorModule, progress) },
  },
  query: {
    from: { suite: "trixie" },
    inputs: {
      "site-packages": (progress) =>
        pythonPackages(join(root, "apps/query/requirements.txt"), "3.13", progress),
      query: sourceFolder("apps/query/query"),
      views: sourceFolder("k8s-jobs/views"),
    },
  },
  apps: {
    from: { suite: "trixie" },
    inputs: {
      node: nodeBinary,
      "app/producer.mjs": (progress) =>
        nodeBundle({ app: "apps/producer", entry: "main.ts", output: "producer.mjs" }, progress),
      "app/dremio-bootstrap.mjs": (progress) =>
        nodeBundle(
          { app: "k8s-jobs/dremio-bootstrap", entry: "main.ts", output: "dremio-bootstrap.mjs" },
          progress,
        ),
      "app/replay.mjs": (progress) =>
        nodeBundle({ app: "k8s-jobs/replay", entry: "main.ts", output: "replay.mjs" }, progress),
      "app/notifier.mjs": (progress) =>
        nodeBundle({ app: "apps/notifier", entry: "main.ts", output: "notifier.mjs" }, progress),
      "app/cdc-bootstrap.mjs": (progress) =>
        nodeBundle(
          { app: "k8s-jobs/cdc-bootstrap", entry: "main.ts", output: "cdc-bootstrap.mjs" },
          progress,
        ),
      "app/dashboard/server.mjs": (progress) =>
        nodeBundle(
          { app: "apps/dashboard", entry: "server/main.ts", output: "server.mjs" },
          progress,
        ),
      "app/dashboard/public": (progress) => browserClient("apps/dashboard", "client", progress),
    },
  },
  airflow: {
    from: { suite: "trixie" },
    onlyWith: "lakehouse:airflow",
    inputs: {
      "site-packages": (progress) =>
        pythonPackages(join(imageFolder("airflow"), "requirements.txt"), "3.13", progress, {
          isComplete: true,
        }),
      dags: sourceFolder("k8s-jobs/airflow-dags"),
    },
  },
  notebook: {
    from: { image: "spark" },
    onlyWith: "lakehouse:notebook",
    inputs: {
      "site-packages": (progress) =>
        pythonPackages(join(root, "apps/notebook/requirements.txt"), "3.11", progress),
      streaming: sourceFolder("k8s-jobs/streaming"),
      notebook: sourceFolder("apps/notebook"),
    },
  },
};

/**
 * The images that pods of a stack are made of; the others are only their parents, or not needed.
 * @param config - the stack's config, by full key
 */
export function podImages(config: Readonly<Record<string, unknown>>): ImageName[] {
  return (Object.keys(images) as ImageName[]).filter((name) => {
    const { onlyWith } = images[name];
    return name !== "spark" && (onlyWith === undefined || String(config[onlyWith]) === "true");
  });
}

/**
 * Those of `podImages` that are built for a stack: not the projects' own, nor those that its config
 * names itself, which nodes pull.
 * @param config - the stack's config, by full key
 */
export function builtImages(config: Readonly<Record<string, unknown>>): ImageName[] {
  const references = Object.keys(config["lakehouse:imageReferences"] ?? {});
  const upstream = config["lakehouse:images"] === "upstream" ? upstreamImages : {};
  return podImages(config).filter((name) => !references.includes(name) && !(name in upstream));
}

/** The Debian suite at the root of an image. Images of one suite have most layers in common. */
export function suiteOf(name: ImageName): DebianSuite {
  const { from } = images[name];
  return "suite" in from ? from.suite : suiteOf(from.image);
}
