import { readFileSync } from "node:fs";
import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import type {
  V1Deployment,
  V1Ingress,
  V1PersistentVolumeClaim,
  V1PodSpec,
  V1Service,
  V1StatefulSet,
} from "@kubernetes/client-node";
import { beforeAll, describe, expect, it, vi } from "vitest";
import { parse } from "yaml";

import { testImages } from "../../support/images.ts";
import { record, type Recording } from "../../support/mocks.ts";
import { demand, expectHardened, jobs, pods, workloads } from "../../support/pods.ts";

vi.mock(import("../../../components/images.ts"), async (original) => {
  const { readImages, ...others } = await original();
  const built = join(await mkdtemp(join(tmpdir(), "images-")), "images.json");
  await writeFile(built, JSON.stringify(testImages));
  return { ...others, readImages: (sources) => readImages(sources, built) };
});

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

type Values = Record<string, unknown>;

const page = readFileSync("docs/cloud.md", "utf8");
const { config: eks } = parse(readFileSync("Pulumi.cloud.yaml", "utf8")) as { config: Values };

/** Settings of docs/cloud.md, which stand in a block that begins with the cloud's name. */
function ofPage(cloud: string): Values {
  const [, block = ""] = new RegExp(`# ${cloud}\\n([^\`]*)`).exec(page) ?? [];
  return parse(block) as Values;
}

const profiles: Record<string, Values> = {
  eks,
  gke: { ...eks, ...ofPage("gke") },
  aks: { ...eks, ...ofPage("aks") },
};

/** Runs index.ts as the engine does, in a stack. */
async function deploy(values: Values) {
  const { default: lakehouse } = await import("../../../index.ts");
  const config = Object.fromEntries(Object.entries(values).map(([key, one]) => [key, String(one)]));
  let outputs: unknown;
  const recording = await record(async () => (outputs = await lakehouse()), {
    config,
    inStack: true,
  });
  return { recording, outputs };
}

describe.each(Object.entries(profiles))("the program on %s", (_cloud, values) => {
  let recording: Recording;
  let outputs: unknown;

  beforeAll(async () => {
    ({ recording, outputs } = await deploy(values));
  });

  it("opens no port of a node, and the dashboard over TLS alone", () => {
    for (const { name, inputs } of recording.all("kubernetes:core/v1:Service")) {
      const { spec } = inputs as unknown as V1Service;
      expect(spec?.type ?? "ClusterIP", name).toBe("ClusterIP");
      expect(JSON.stringify(spec), name).not.toContain("nodePort");
    }
    const ingresses = recording.all("kubernetes:networking.k8s.io/v1:Ingress");
    expect(ingresses.map(({ name }) => name)).toEqual(["dashboard"]);
    expect(ingresses[0]?.inputs as V1Ingress).toMatchObject({
      metadata: { annotations: { "cert-manager.io/cluster-issuer": "letsencrypt" } },
      spec: {
        ingressClassName: "traefik",
        tls: [{ hosts: ["lakehouse.example.com"], secretName: "dashboard-tls" }],
        rules: [
          {
            host: "lakehouse.example.com",
            http: {
              paths: [{ backend: { service: { name: "dashboard", port: { name: "http" } } } }],
            },
          },
        ],
      },
    });
    expect(outputs).toMatchObject({
      endpoints: { dashboard: "https://lakehouse.example.com", kafka: "localhost:30092" },
    });
    const dashboard = workloads(recording).find(({ name }) => name === "dashboard");
    expect(dashboard?.pod.containers[0]?.env).toContainEqual({ name: "PROXY_HOPS", value: "1" });
  });

  it("pulls every image from the registry, by the name that was pushed", () => {
    const images = [...workloads(recording), ...jobs(recording)].flatMap(({ pod }) =>
      pod.containers.map(({ image }) => image),
    );
    const applications = recording
      .all("kubernetes:sparkoperator.k8s.io/v1beta2:SparkApplication")
      .map(({ inputs }) => (inputs["spec"] as { image: string }).image);
    const registry = String(values["lakehouse:imageRegistry"]);
    for (const image of [...images, ...applications]) {
      expect(image?.startsWith(`${registry}/`), image).toBe(true);
      expect(image).toMatch(/\/[a-z-]+:\d{12}$/);
    }
    const release = recording.find("kubernetes:helm.sh/v3:Release", "spark-operator");
    const { image } = release.inputs["values"] as { image: Record<string, string> };
    expect(`${image["registry"]}/${image["repository"]}`).toBe(`${registry}/spark-operator`);
    expect(release.inputs["chart"]).toBe(testImages["spark-operator-chart"]);
  });

  it("places every pod, the operator's too, and takes every volume from the class", () => {
    const arch = { "kubernetes.io/arch": "amd64" };
    const release = recording.find("kubernetes:helm.sh/v3:Release", "spark-operator");
    const { controller, webhook } = release.inputs["values"] as Record<string, V1PodSpec>;
    for (const pod of [...pods(recording).map((one) => one.pod), controller, webhook]) {
      expect(pod?.nodeSelector).toMatchObject(arch);
      expect(pod?.tolerations?.length ?? 0).toBe("lakehouse:tolerations" in values ? 1 : 0);
    }
    const claims = recording
      .all("kubernetes:apps/v1:StatefulSet")
      .flatMap(({ inputs }) => (inputs as unknown as V1StatefulSet).spec?.volumeClaimTemplates);
    expect(claims.map((one) => (one as V1PersistentVolumeClaim).spec?.storageClassName)).toEqual(
      Array.from({ length: 4 }, () => values["lakehouse:storageClass"]),
    );
  });

  it("keeps several of what has replicas, apart and through a drain", () => {
    const replicas = workloads(recording).map(({ name, replicas: count }) => [name, count]);
    expect(replicas.filter(([, count]) => count !== 1)).toEqual([
      ["dashboard", 2],
      ["nessie", 2],
      ["kafka", 3],
    ]);
    const budgets = recording.all("kubernetes:policy/v1:PodDisruptionBudget");
    expect(budgets.map(({ name }) => name)).toEqual(["dashboard", "kafka", "nessie"]);
    for (const { name, inputs } of budgets) {
      const part = { "app.kubernetes.io/name": name };
      expect(inputs["spec"]).toMatchObject({ maxUnavailable: 1, selector: { matchLabels: part } });
    }
    for (const { name, pod } of workloads(recording)) {
      const hosts = name === "kafka" ? "DoNotSchedule" : "ScheduleAnyway";
      expect(pod.topologySpreadConstraints, name).toMatchObject([
        { topologyKey: "topology.kubernetes.io/zone", whenUnsatisfiable: "ScheduleAnyway" },
        { topologyKey: "kubernetes.io/hostname", whenUnsatisfiable: hosts },
      ]);
    }
  });

  it("scales the dashboard and the stream by need", () => {
    const scaler = recording.find("kubernetes:autoscaling/v2:HorizontalPodAutoscaler", "dashboard");
    expect(scaler.inputs["spec"]).toMatchObject({
      scaleTargetRef: { kind: "Deployment", name: "dashboard" },
      minReplicas: 2,
      maxReplicas: 4,
    });
    const { spec } = recording.find("kubernetes:apps/v1:Deployment", "dashboard")
      .inputs as unknown as V1Deployment;
    expect(spec).not.toHaveProperty("replicas");
    const stream = recording.find(
      "kubernetes:sparkoperator.k8s.io/v1beta2:SparkApplication",
      "streaming",
    );
    expect(stream.inputs["spec"]).toMatchObject({
      dynamicAllocation: { enabled: true, minExecutors: 1, maxExecutors: 3 },
    });
  });

  it("keeps the floors of the laptop", () => {
    for (const { name, pod } of pods(recording)) {
      expectHardened(name, pod);
    }
    for (const { name, pod } of [...workloads(recording), ...jobs(recording)]) {
      for (const { resources } of pod.containers) {
        expect(Object.keys(resources?.requests ?? {}), name).toEqual(["cpu", "memory"]);
        expect(Object.keys(resources?.limits ?? {}), name).toEqual(["cpu", "memory"]);
      }
    }
    const holders = recording.resources
      .filter(({ type }) => !type.endsWith(":Secret") && type.startsWith("kubernetes:"))
      .filter(({ inputs }) => JSON.stringify(inputs).includes("secret of "));
    expect(holders).toEqual([]);
  });
});

describe("what a cloud must have", () => {
  it.each([
    ["laptop", { "lakehouse:nessieReplicas": 1 }, { cpu: 1150, memory: 5808, memoryLimit: 8416 }],
    ["small", {}, { cpu: 5610, memory: 17_120, memoryLimit: 23_520 }],
    ["large", {}, { cpu: 13_810, memory: 49_824, memoryLimit: 63_584 }],
  ])("is as docs/cloud.md says for the tier %s", async (tier, more, expected) => {
    const { recording } = await deploy({ ...eks, "lakehouse:resourceTier": tier, ...more });
    expect(demand(recording)).toEqual(expected);
    const { cpu, memory, memoryLimit } = expected;
    const row = `| \`${tier}\` | ${cpu}m | ${memory}Mi | ${memoryLimit}Mi |`;
    expect(page.replaceAll(/ +/g, " ")).toContain(row);
  });

  it("never asks for more than it may use", async () => {
    const { recording } = await deploy({ ...eks, "lakehouse:resourceTier": "large" });
    for (const { name, pod } of workloads(recording)) {
      for (const { resources } of pod.containers) {
        const requested = Number.parseInt(resources?.requests?.["cpu"] ?? "", 10);
        expect(requested, name).toBeLessThanOrEqual(Number(resources?.limits?.["cpu"]) * 1000);
      }
    }
  });
});
