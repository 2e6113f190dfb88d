import { existsSync, readFileSync } from "node:fs";
import { resolve } from "node:path";

import { describe, expect, it } from "vitest";
import { parse } from "yaml";

import { SparkOperator } from "../../../components/spark-operator.ts";
import { record } from "../../support/mocks.ts";

type Values = Record<string, unknown>;

const chartValues = () =>
  parse(readFileSync("charts-values/spark-operator.yaml", "utf8")) as Values;

/** The chart's folder, where images have been built. */
const chart = existsSync(".lakehouse/images.json")
  ? (JSON.parse(readFileSync(".lakehouse/images.json", "utf8")) as Record<string, string>)[
      "spark-operator-chart"
    ]
  : undefined;

/** Paths of values that the chart does not know, and so would silently ignore. */
function unknownKeys(values: Values, known: Values): string[] {
  return Object.entries(values).flatMap(([key, value]) => {
    if (!(key in known)) return [key];
    const inner = known[key];
    // Empty in the chart: any object of Kubernetes' own may stand there.
    const isFree = typeof inner !== "object" || inner === null || Object.keys(inner).length === 0;
    if (isFree) return [];
    return unknownKeys(value as Values, inner as Values).map((path) => `${key}.${path}`);
  });
}

async function deploy(change: { image?: string; chart?: undefined } = {}) {
  let serviceAccount: unknown;
  const recording = await record(() => {
    const operator = new SparkOperator("spark-operator", {
      namespace: "lakehouse",
      image: "localhost:5000/lakehouse/spark-operator:0123abcd",
      chart: "/cache/spark-operator",
      ...change,
    });
    operator.serviceAccount.apply((name) => (serviceAccount = name));
  });
  const { inputs } = recording.find("kubernetes:helm.sh/v3:Release", "spark-operator");
  return { inputs, values: inputs["values"] as Record<string, unknown>, serviceAccount };
}

describe("the Spark operator", () => {
  it("is the release of its own chart, by a fixed name", async () => {
    const { inputs } = await deploy();
    expect(inputs).toMatchObject({
      name: "spark-operator",
      namespace: "lakehouse",
      chart: "/cache/spark-operator",
      timeout: 300,
    });
  });

  it("runs our image, whatever its registry", async () => {
    const { values } = await deploy();
    expect(values["image"]).toEqual({
      registry: "localhost:5000",
      repository: "lakehouse/spark-operator",
      tag: "0123abcd",
      pullPolicy: "IfNotPresent",
    });
  });

  it("keeps the digest of an image with its tag", async () => {
    const { values } = await deploy({ image: "ghcr.io/acme/spark-operator:1@sha256:0123" });
    expect(values["image"]).toMatchObject({
      registry: "ghcr.io",
      repository: "acme/spark-operator",
      tag: "1@sha256:0123",
    });
  });

  it("takes the chart of the same version from its repository where none was built", async () => {
    const { inputs } = await deploy({ chart: undefined });
    const module = readFileSync("images/spark-operator/go.mod", "utf8");
    const [, version] = /spark-operator\/v2 v(\S+)/.exec(module) ?? [];
    expect(inputs).toMatchObject({
      chart: "spark-operator",
      version,
      repositoryOpts: { repo: "https://kubeflow.github.io/spark-operator" },
    });
  });

  it("looks after the platform's namespace alone", async () => {
    const { values } = await deploy();
    expect(values["spark"]).toEqual({ jobNamespaces: ["lakehouse"] });
  });

  it("takes everything else from charts-values, which sets nothing twice", async () => {
    const { values } = await deploy();
    expect(values).toMatchObject(chartValues());
    expect(Object.keys(chartValues())).toEqual(["hook", "controller", "webhook"]);
    expect(values["hook"]).toEqual({ upgradeCrd: false });
  });

  it.skipIf(chart === undefined)("sets only values that the chart has", () => {
    const file = resolve(chart ?? "", "values.yaml");
    const known = parse(readFileSync(file, "utf8")) as Values;
    expect(unknownKeys(chartValues(), known)).toEqual([]);
  });

  it("gives drivers the account that the chart makes, once it is ready", async () => {
    expect((await deploy()).serviceAccount).toBe("spark-operator-spark");
  });
});
