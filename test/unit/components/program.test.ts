import { readFileSync } from "node:fs";

import type { V1Container, V1CronJob, V1Service } from "@kubernetes/client-node";
import { output } from "@pulumi/pulumi";
import { beforeAll, describe, expect, it, vi } from "vitest";

import type { Access } from "../../../components/access.ts";
import { nodePorts } from "../../../components/ports.ts";
import { testImages } from "../../support/images.ts";
import { record, type Recording } from "../../support/mocks.ts";
import { demand, expectHardened, jobs, pods, workloads } from "../../support/pods.ts";

vi.mock(import("../../../components/images.ts"), async (original) => ({
  ...(await original()),
  readImages: () => Promise.resolve(testImages),
}));

// Some eighty resources a time: seconds on a machine that is busy with other things.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

/** Runs index.ts as the engine does. */
async function deploy(config: Record<string, string> = {}) {
  const { default: lakehouse } = await import("../../../index.ts");
  let outputs: unknown;
  const recording = await record(async () => (outputs = await lakehouse()), { config });
  return { recording, outputs };
}

let recording: Recording;
let outputs: unknown;
/** The optional parts that our own images are for. */
const everyPart = {
  "lakehouse:cdc": "true",
  "lakehouse:airflow": "true",
  "lakehouse:notebook": "true",
};
/** The program with all of them. */
let complete: Recording;

beforeAll(async () => {
  ({ recording, outputs } = await deploy());
  ({ recording: complete } = await deploy(everyPart));
});

describe("the whole program", () => {
  it("has every part of the platform", () => {
    expect(pods(recording).map(({ name }) => name)).toEqual([
      "dashboard",
      "nessie",
      "producer",
      "query",
      "kafka",
      "minio",
      "postgres",
      "redis",
      "maintenance",
      "replay-testing",
      "replay-training",
      "features driver",
      "streaming driver",
    ]);
    expect(recording.all("kubernetes:helm.sh/v3:Release").map(({ name }) => name)).toEqual([
      "spark-operator",
    ]);
  });

  it("is all that its module exports, as `pulumi up` by hand wants it", async () => {
    const { main } = JSON.parse(readFileSync("package.json", "utf8")) as { main: string };
    const entry = (await import(`../../../${main}`)) as { default: unknown };
    expect(Object.keys(entry)).toEqual(["default"]);
    expect(entry.default).toBe((await import("../../../index.ts")).default);
  });

  it("says where each is reached", async () => {
    expect(outputs).toMatchObject({
      endpoints: {
        dashboard: "http://localhost:30080",
        query: "grpc://localhost:32010",
        kafka: "localhost:30092",
        minio: "http://localhost:30900",
        nessie: "http://localhost:30120",
        postgres: "postgresql://localhost:30432/lakehouse",
        redis: "redis://localhost:30379",
        sparkUi: "http://localhost:30040",
      },
    });
    const moved = await deploy({ "lakehouse:portOffset": "100" });
    expect(moved.outputs).toMatchObject({
      endpoints: { dashboard: "http://localhost:30180", kafka: "localhost:30192" },
    });
  });

  it("says how to reach a cluster that maps no ports, at the same addresses", async () => {
    const { recording: all, outputs: told } = await deploy({
      ...everyPart,
      "lakehouse:kafkaUi": "true",
      "lakehouse:kafkaBrokers": "3",
    });
    const { endpoints, portForward } = told as Access;
    const commands = await new Promise<Record<string, string>>((resolve) => {
      output(portForward).apply(resolve);
    });
    expect(Object.keys(commands).toSorted()).toEqual(
      [...Object.keys(endpoints), "kafka1", "kafka2", "kafkaUi", "airflow", "notebook"].toSorted(),
    );
    for (const [part, command] of Object.entries(commands)) {
      const form = /^kubectl -n lakehouse port-forward svc\/(\S+) (\d+):(\d+)$/;
      const [, service = "", local, port] = form.exec(command) ?? [];
      const { spec } = all.find("kubernetes:core/v1:Service", service).inputs as V1Service;
      expect(spec?.ports, part).toContainEqual(
        expect.objectContaining({ port: Number(port), nodePort: Number(local) }),
      );
      if (part in endpoints) expect(endpoints[part]).toContain(`localhost:${local ?? ""}`);
    }
  });

  it("names the Secrets of the logins, and tells nothing out of them", async () => {
    const { recording: all, outputs: told } = await deploy({
      ...everyPart,
      "lakehouse:kafkaUi": "true",
    });
    const { secrets } = told as Access;
    expect(secrets).toEqual({
      dashboard: "dashboard-user",
      query: "query-user",
      minio: "minio-root",
      postgres: "postgres-lakehouse",
      redis: "redis",
      kafkaUi: "kafka-ui-user",
      airflow: "airflow-user",
      notebook: "notebook-token",
    });
    const made = all
      .all("kubernetes:core/v1:Secret")
      .map(({ inputs }) => (inputs["metadata"] as { name?: string }).name);
    expect(made).toEqual(expect.arrayContaining(Object.values(secrets)));
    const open = await deploy({ "lakehouse:dashboardAuth": "none" });
    expect((open.outputs as Access).secrets).not.toHaveProperty("dashboard");
    const issued = await deploy({
      "lakehouse:dashboardAuth": "oidc",
      "lakehouse:oidcIssuer": "https://sso.example.com",
      "lakehouse:oidcClientId": "dashboard",
      "lakehouse:oidcAllowed": "@example.com",
    });
    // What programs send, which cannot sign in at an issuer.
    expect((issued.outputs as Access).secrets).toMatchObject({ dashboard: "dashboard-user" });
  });

  it("uses the NodePorts that the cluster maps, each once", async () => {
    const { recording: withPage } = await deploy({ ...everyPart, "lakehouse:kafkaUi": "true" });
    const used = withPage
      .all("kubernetes:core/v1:Service")
      .flatMap(({ inputs }) => (inputs as unknown as V1Service).spec?.ports ?? [])
      .flatMap(({ nodePort }) => nodePort ?? []);
    expect(used.toSorted()).toEqual(Object.values(nodePorts).toSorted());
  });

  it("puts every object into its namespace", () => {
    const objects = recording.resources.filter(
      ({ type }) => type.startsWith("kubernetes:") && type !== "kubernetes:core/v1:Namespace",
    );
    for (const { type, name, inputs } of objects) {
      const metadata = (inputs["metadata"] ?? inputs) as { namespace?: string };
      expect(metadata.namespace, `${type} ${name}`).toBe("lakehouse");
    }
  });

  it("runs only pinned images, each of the list", () => {
    const release = complete.find("kubernetes:helm.sh/v3:Release", "spark-operator");
    const { image } = release.inputs["values"] as { image: Record<string, string> };
    const used = [
      ...[...workloads(complete), ...jobs(complete)].flatMap(({ pod }) =>
        pod.containers.map((one) => one.image),
      ),
      ...complete
        .all("kubernetes:sparkoperator.k8s.io/v1beta2:SparkApplication")
        .map(({ inputs }) => (inputs["spec"] as { image: string }).image),
      [image["registry"], "/", image["repository"], ":", image["tag"]].join(""),
    ];
    const { "spark-operator-chart": chart, ...images } = testImages;
    expect(new Set(used)).toEqual(new Set(Object.values(images)));
    expect(release.inputs["chart"]).toBe(chart);
  });

  it("hardens every pod and container", () => {
    for (const { name, pod } of pods(recording)) {
      expectHardened(name, pod);
      expect(pod.automountServiceAccountToken, name).toBe(name.endsWith(" driver"));
      expect(pod.containers, name).toHaveLength(1);
      for (const container of pod.containers) {
        expect(container.volumeMounts, name).toContainEqual({ name: "tmp", mountPath: "/tmp" });
      }
    }
  });

  it("bounds and probes every container", () => {
    for (const { name, pod } of workloads(recording)) {
      const [container] = pod.containers as [V1Container];
      expect(container.startupProbe?.periodSeconds, name).toBe(1);
      expect(container.readinessProbe, name).toMatchObject({ failureThreshold: 3 });
      expect(container.livenessProbe, name).toMatchObject({ failureThreshold: 6 });
    }
    for (const { name, pod } of [...workloads(recording), ...jobs(recording)]) {
      const [container] = pod.containers as [V1Container];
      for (const bound of ["requests", "limits"] as const) {
        expect(Object.keys(container.resources?.[bound] ?? {}), name).toEqual(["cpu", "memory"]);
      }
    }
  });

  it("keeps passwords to Secrets and to the providers that set them", () => {
    const allowed = new Set([
      "kubernetes:core/v1:Secret",
      "minio:index/iamUser:IamUser",
      "postgresql:index/role:Role",
      "pulumi:providers:minio",
      "pulumi:providers:postgresql",
    ]);
    const holders = recording.resources.filter(({ inputs }) =>
      JSON.stringify(inputs).includes("secret of "),
    );
    expect(holders.length).toBeGreaterThan(10);
    expect(holders.map(({ type }) => type).filter((type) => !allowed.has(type))).toEqual([]);
    for (const { name, inputs } of recording.all("random:index/randomPassword:RandomPassword")) {
      expect(inputs, name).toEqual({ length: 32, special: false, minNumeric: 1 });
    }
  });
});

describe("the program with change data capture", () => {
  let withCapture: Recording;

  beforeAll(async () => {
    ({ recording: withCapture } = await deploy({ "lakehouse:cdc": "true" }));
  });

  it("has Connect, its bootstrap and one more driver, and all else alike", () => {
    const names = (one: Recording) => pods(one).map(({ name }) => name);
    expect(names(withCapture).toSorted()).toEqual(
      [...names(recording), "cdc driver", "cdc-bootstrap", "kafka-connect"].toSorted(),
    );
  });

  it("hardens its pods as all others, and keeps passwords out of them", () => {
    for (const { name, pod } of pods(withCapture)) {
      expect(pod, name).toMatchObject({
        enableServiceLinks: false,
        securityContext: { runAsNonRoot: true, seccompProfile: { type: "RuntimeDefault" } },
      });
      expect(pod.automountServiceAccountToken, name).toBe(name.endsWith(" driver"));
    }
    const holders = withCapture.resources
      .filter(({ type }) => !type.endsWith(":Secret") && type.startsWith("kubernetes:"))
      .filter(({ inputs }) => JSON.stringify(inputs).includes("secret of "));
    expect(holders).toEqual([]);
  });
});

describe("the program with Dremio", () => {
  let withDremio: Recording;

  beforeAll(async () => {
    ({ recording: withDremio } = await deploy({ "lakehouse:queryEngine": "dremio" }));
  });

  it("has Dremio in the place of the light engine, and all else alike", () => {
    const names = (one: Recording) => pods(one).map(({ name }) => name);
    expect(names(withDremio).toSorted()).toEqual(
      [...names(recording), "query-bootstrap"].toSorted(),
    );
    const imageOf = (one: Recording) =>
      workloads(one).find(({ name }) => name === "query")?.pod.containers[0]?.image;
    expect(imageOf(recording)).toBe(testImages.query);
    expect(imageOf(withDremio)).toMatch(/^docker\.io\/dremio\/dremio-oss:\d+\.\d+\.\d+$/);
    const { inputs } = withDremio.find("kubernetes:apps/v1:Deployment", "dashboard");
    expect(inputs).toEqual(recording.find("kubernetes:apps/v1:Deployment", "dashboard").inputs);
  });

  it("uses the same NodePorts", () => {
    const used = (one: Recording) =>
      one
        .all("kubernetes:core/v1:Service")
        .flatMap(({ inputs }) => (inputs as unknown as V1Service).spec?.ports ?? [])
        .flatMap(({ nodePort }) => nodePort ?? []);
    expect(used(withDremio).toSorted()).toEqual(used(recording).toSorted());
  });

  it("hardens, bounds and probes its pods as all others", () => {
    for (const { name, pod } of pods(withDremio)) {
      expectHardened(name, pod);
    }
  });

  it("keeps passwords out of pods and ConfigMaps", () => {
    const holders = withDremio.resources
      .filter(({ type }) => !type.endsWith(":Secret") && type.startsWith("kubernetes:"))
      .filter(({ inputs }) => JSON.stringify(inputs).includes("secret of "));
    expect(holders).toEqual([]);
  });
});

describe("the program with the projects' own images", () => {
  let withUpstream: Recording;

  beforeAll(async () => {
    ({ recording: withUpstream } = await deploy({ "lakehouse:images": "upstream" }));
  });

  const serverOf = (one: Recording, part: string) => {
    const { pod } = workloads(one).find(({ name }) => name === part) ?? {};
    return { pod, container: pod?.containers[0] };
  };

  it.each([
    ["kafka", "kafka", "/opt/kafka/config"],
    ["postgres", "postgres", "/opt/lakehouse"],
    ["redis", "valkey", "/opt/lakehouse"],
  ])("starts %s with the entrypoint of images/%s", (part, image, path) => {
    const { pod, container } = serverOf(withUpstream, part);
    expect(container?.command).toEqual(["sh", `${path}/entrypoint.sh`]);
    expect(container?.volumeMounts).toContainEqual({
      name: "entrypoint",
      mountPath: path,
      readOnly: true,
    });
    const config = withUpstream.find("kubernetes:core/v1:ConfigMap", `${part}-entrypoint`);
    expect(pod?.volumes).toContainEqual({
      name: "entrypoint",
      configMap: { name: `${part}-entrypoint-1a2b3c` },
    });
    expect(config.inputs["data"]).toMatchObject({
      "entrypoint.sh": readFileSync(`images/${image}/entrypoint.sh`, "utf8"),
    });
  });

  it("gives the entrypoints what those images have otherwise", () => {
    const kafka = withUpstream.find("kubernetes:core/v1:ConfigMap", "kafka-entrypoint");
    expect(kafka.inputs["data"]).toHaveProperty(["log4j2.properties"]);
    const postgres = serverOf(withUpstream, "postgres");
    expect(postgres.pod?.securityContext).toMatchObject({ runAsUser: 999, fsGroup: 999 });
    expect(postgres.container?.env).toEqual([
      { name: "POSTGRES_PASSWORD_FILE", value: "/run/secrets/superuser/password" },
      { name: "PGDATA", value: "/var/lib/postgresql/data/pgdata" },
      { name: "PGHOST", value: "/tmp" },
    ]);
    expect(serverOf(withUpstream, "nessie").container).toMatchObject({
      command: ["java", "-XX:+ExitOnOutOfMemoryError", "-jar", "/deployments/quarkus-run.jar"],
      workingDir: "/opt/nessie",
    });
  });

  it("changes no more than these four and their entrypoints", () => {
    const others = (one: Recording) =>
      one.resources.filter(
        ({ type, name }) =>
          !name.endsWith("-entrypoint") &&
          !(type.startsWith("kubernetes:apps/") && /^(kafka|postgres|redis|nessie)$/.test(name)),
      );
    expect(others(withUpstream)).toEqual(others(recording));
  });
});

describe("the program with a webhook", () => {
  it("delivers alerts as well, and keeps the webhook to a Secret", async () => {
    const url = "https://hooks.slack.com/services/T0/B0/xyz";
    const { recording: withWebhook } = await deploy({ "lakehouse:alertWebhook": url });
    const names = (one: Recording) => pods(one).map(({ name }) => name);
    expect(names(withWebhook).toSorted()).toEqual([...names(recording), "notifier"].toSorted());
    const holders = withWebhook.resources.filter(({ inputs }) =>
      JSON.stringify(inputs).includes(url),
    );
    expect(holders.map(({ type, name }) => `${type} ${name}`)).toEqual([
      "kubernetes:core/v1:Secret notifier",
    ]);
    const notifier = workloads(withWebhook).find(({ name }) => name === "notifier");
    expect(notifier?.pod).toMatchObject({ enableServiceLinks: false });
    expect(demand(withWebhook)).toEqual({
      cpu: demand(recording).cpu + 10,
      memory: demand(recording).memory + 64,
      memoryLimit: demand(recording).memoryLimit + 160,
    });
  });
});

describe("the program with Airflow", () => {
  let withAirflow: Recording;

  beforeAll(async () => {
    ({ recording: withAirflow } = await deploy({ "lakehouse:airflow": "true" }));
  });

  it("has Airflow besides, at the NodePort that the cluster maps for it", () => {
    const names = (one: Recording) => pods(one).map(({ name }) => name);
    expect(names(withAirflow).toSorted()).toEqual([...names(recording), "airflow"].toSorted());
    const airflow = workloads(withAirflow).find(({ name }) => name === "airflow");
    expect(airflow?.pod.containers.map(({ image }) => image)).toEqual(
      Array.from({ length: 3 }, () => testImages.airflow),
    );
    const { inputs } = withAirflow.find("kubernetes:core/v1:Service", "airflow");
    expect((inputs as unknown as V1Service).spec?.ports?.[0]?.nodePort).toBe(nodePorts.airflow);
  });

  it("leaves the schedule of the stream simulation to it, and nothing else", () => {
    const schedules = (one: Recording) =>
      one.all("kubernetes:batch/v1:CronJob").map(({ name, inputs }) => {
        const { schedule, suspend } = (inputs as unknown as V1CronJob).spec;
        return [name, schedule, suspend];
      });
    expect(schedules(recording)).toEqual([
      ["maintenance", "23 * * * *", false],
      ["replay-testing", "*/5 * * * *", false],
      ["replay-training", "*/5 * * * *", false],
    ]);
    expect(schedules(withAirflow)).toEqual([
      ["maintenance", "23 * * * *", false],
      ["replay-testing", "*/5 * * * *", true],
      ["replay-training", "*/5 * * * *", true],
    ]);
  });

  it("keeps passwords out of pods and ConfigMaps", () => {
    const holders = withAirflow.resources
      .filter(({ type }) => !type.endsWith(":Secret") && type.startsWith("kubernetes:"))
      .filter(({ inputs }) => JSON.stringify(inputs).includes("secret of "));
    expect(holders).toEqual([]);
  });
});

describe("the program with a notebook", () => {
  let withNotebook: Recording;

  beforeAll(async () => {
    ({ recording: withNotebook } = await deploy({ "lakehouse:notebook": "true" }));
  });

  const container = (): V1Container => {
    const found = workloads(withNotebook).find(({ name }) => name === "notebook");
    return found?.pod.containers[0] as V1Container;
  };

  it("has one pod more, hardened, bounded and probed as all others", () => {
    const names = (one: Recording) => pods(one).map(({ name }) => name);
    expect(names(withNotebook).toSorted()).toEqual([...names(recording), "notebook"].toSorted());
    const { pod } = workloads(withNotebook).find(({ name }) => name === "notebook") ?? {};
    expect(pod).toMatchObject({
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      securityContext: { runAsNonRoot: true, runAsUser: 185, fsGroup: 185 },
    });
    expect(container()).toMatchObject({
      image: testImages.notebook,
      securityContext: { readOnlyRootFilesystem: true, capabilities: { drop: ["ALL"] } },
      resources: { limits: { cpu: "2", memory: "2560Mi" } },
      readinessProbe: { httpGet: { path: "/api", port: 8888 } },
    });
  });

  it("is reached through its NodePort, with a token that only a Secret and a file hold", () => {
    const { spec } = withNotebook.find("kubernetes:core/v1:Service", "notebook")
      .inputs as V1Service;
    expect(spec?.ports).toEqual([{ name: "http", port: 8888, nodePort: nodePorts.notebook }]);
    const secret = withNotebook.find("kubernetes:core/v1:Secret", "notebook-token");
    expect(secret.inputs["stringData"]).toEqual({ token: "secret of notebook-token" });
    expect(container().args).toBeUndefined();
    expect(container().env).toContainEqual({
      name: "JUPYTER_TOKEN_FILE",
      value: "/run/secrets/token/token",
    });
    const holders = withNotebook.resources
      .filter(({ type }) => !type.endsWith(":Secret") && type.startsWith("kubernetes:"))
      .filter(({ inputs }) => JSON.stringify(inputs).includes("secret of "));
    expect(holders).toEqual([]);
  });

  it("reads tables and features as users that can do no more", () => {
    const env = new Map(container().env?.map(({ name, ...value }) => [name, value]));
    expect(env.get("AWS_ACCESS_KEY_ID")?.valueFrom?.secretKeyRef?.name).toBe("minio-notebook");
    const { volumes } = workloads(withNotebook).find(({ name }) => name === "notebook")?.pod ?? {};
    const secretOf = (volume: string) =>
      volumes?.find(({ name }) => name === volume)?.secret?.secretName;
    expect(secretOf("features")).toBe("postgres-notebook");
    expect(secretOf("query")).toBe("query-user");
  });
});

describe("what the platform asks of its machine", () => {
  it("fits 2 cores and 6 GiB on a laptop, with 224 MiB left for Kubernetes", () => {
    const laptop = demand(recording);
    expect(laptop).toEqual({ cpu: 920, memory: 4080, memoryLimit: 6208 });
    // kubeadm's own pods reserve 850m of the 2000m; a rolling update needs the rest.
    expect(laptop.cpu).toBeLessThan(1000);
    // Limits are for the worst moment of each part, which do not come all at once.
    expect(laptop.memory).toBeLessThanOrEqual(6 * 1024 - 224);
  });

  it("fits 2 cores with every optional part", () => {
    // What is beyond these is not scheduled: kubeadm's own pods reserve 850m of the 2000m.
    expect(demand(complete).cpu).toBeLessThanOrEqual(1150);
  });

  it("fits at the worst moment of all parts without the feature pipeline", async () => {
    const { recording: without } = await deploy({ "lakehouse:features": "false" });
    expect(pods(without).map(({ name }) => name)).not.toContain("features driver");
    expect(demand(without)).toEqual({ cpu: 880, memory: 3056, memoryLimit: 5184 });
    expect(demand(without).memoryLimit).toBeLessThanOrEqual(6 * 1024 - 224);
  });

  it("is some 4 GiB more with Dremio", async () => {
    const light = demand(recording);
    const { recording: withDremio } = await deploy({ "lakehouse:queryEngine": "dremio" });
    expect(demand(withDremio)).toEqual({
      cpu: light.cpu - 80 + 500,
      memory: light.memory - 256 + 4096,
      memoryLimit: light.memoryLimit - 1024 + 5120,
    });
  });

  it("is 1.5 GiB more with change data capture", async () => {
    const without = demand(recording);
    const { recording: withCapture } = await deploy({ "lakehouse:cdc": "true" });
    expect(demand(withCapture)).toEqual({
      cpu: without.cpu + 20 + 50,
      memory: without.memory + 320 + 1024,
      memoryLimit: without.memoryLimit + 512 + 1024,
    });
  });

  it("is some 1 GiB more with Airflow", async () => {
    const light = demand(recording);
    const { recording: withAirflow } = await deploy({ "lakehouse:airflow": "true" });
    expect(demand(withAirflow)).toEqual({
      cpu: light.cpu + 40,
      memory: light.memory + 896,
      memoryLimit: light.memoryLimit + 1728,
    });
  });

  it("is two brokers more with three", async () => {
    const one = demand(recording);
    const three = demand((await deploy({ "lakehouse:kafkaBrokers": "3" })).recording);
    expect(three).toEqual({
      cpu: one.cpu + 2 * 100,
      memory: one.memory + 2 * 448,
      memoryLimit: one.memoryLimit + 2 * 640,
    });
  });
});
