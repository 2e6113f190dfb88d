/**
 * The Kubernetes stand-in under Pulumi's own engine, on the cluster of KUBECONFIG. The steps build on
 * each other, in a namespace of their own that is removed at the end.
 */
import { randomBytes } from "node:crypto";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as kubernetes from "@pulumi/kubernetes";
import { LocalWorkspace } from "@pulumi/pulumi/automation/index.js";
import type { EngineEvent, PulumiFn, Stack } from "@pulumi/pulumi/automation/index.js";
import { execa } from "execa";
import { afterAll, beforeAll, expect, test } from "vitest";
import { ensurePulumi } from "../../cli/pulumi/cli.ts";
import { EventLog } from "../../cli/pulumi/events.ts";
import { ensurePlugins } from "../../cli/pulumi/plugins.ts";
import { fieldManagerOf } from "../../providers/kubernetes/names.ts";

const namespace = `provider-${randomBytes(4).toString("hex")}`;
const silent = () => undefined;

let folder: string;
let image: string;
let stack: Stack;

/** What the program declares; each test changes some of it. */
interface Shop {
  readonly replicas?: number;
  readonly cpu?: string;
  readonly setting?: string;
  readonly command?: string;
  readonly serviceName?: string;
  readonly job?: string;
  readonly jobCpu?: string;
  readonly timeout?: string;
}

function shop({
  replicas = 1,
  cpu = "10m",
  setting = "one",
  command = "trap exit TERM; while :; do sleep 1; done",
  serviceName = "web",
  job = "echo done",
  jobCpu = "10m",
  timeout = "5m",
}: Shop = {}): PulumiFn {
  return () => {
    const home = new kubernetes.core.v1.Namespace("home", { metadata: { name: namespace } });
    const metadata = { namespace: home.metadata.name };
    const settings = new kubernetes.core.v1.ConfigMap("settings", { metadata, data: { setting } });
    new kubernetes.core.v1.Secret("login", {
      metadata: { ...metadata, name: "login" },
      stringData: { password: "correct horse" },
    });
    const labels = { app: "web" };
    const container = (script: string, request: string) => ({
      name: "main",
      image,
      imagePullPolicy: "IfNotPresent",
      command: ["sh", "-c", script],
      resources: { requests: { cpu: request, memory: "8Mi" } },
    });
    const web = new kubernetes.apps.v1.StatefulSet(
      "web",
      {
        metadata: { ...metadata, name: "web" },
        spec: {
          replicas,
          serviceName,
          selector: { matchLabels: labels },
          template: {
            metadata: { labels },
            spec: {
              terminationGracePeriodSeconds: 2,
              containers: [
                {
                  ...container(command, cpu),
                  env: [{ name: "SETTINGS", value: settings.metadata.name }],
                  // Without it a container that exits at once is ready for a moment.
                  readinessProbe: {
                    exec: { command: ["true"] },
                    initialDelaySeconds: 1,
                    periodSeconds: 1,
                  },
                },
              ],
            },
          },
        },
      },
      { customTimeouts: { create: timeout, update: timeout } },
    );
    new kubernetes.core.v1.Service(
      "web",
      { metadata: { ...metadata, name: "web" }, spec: { selector: labels, ports: [{ port: 80 }] } },
      { dependsOn: [web] },
    );
    new kubernetes.batch.v1.Job(
      "job",
      {
        metadata: { ...metadata, name: "job" },
        spec: {
          backoffLimit: 0,
          template: { spec: { restartPolicy: "Never", containers: [container(job, jobCpu)] } },
        },
      },
      { customTimeouts: { create: timeout, update: timeout } },
    );
    return Promise.resolve({ settings: settings.metadata.name });
  };
}

/** What a preview says, as `operation name: fields`. */
async function preview(options?: Shop): Promise<string[]> {
  const log = new EventLog(silent);
  await stack.preview({ program: shop(options), onEvent: log.onEvent });
  return log.changes.map(({ operation, resource, fields }) =>
    [`${operation} ${resource.split(" ")[1] ?? ""}`, fields.join(", ")].filter(Boolean).join(": "),
  );
}

/** Updates, and returns what went wrong, if something did. */
async function up(options?: Shop, onEvent?: (event: EngineEvent) => void): Promise<string> {
  const log = new EventLog(silent);
  const follow = (event: EngineEvent) => {
    log.onEvent(event);
    onEvent?.(event);
  };
  try {
    await stack.up({ program: shop(options), onEvent: follow });
    return "";
  } catch (error) {
    if (log.errors === "") throw error;
    return log.errors;
  }
}

async function kubectl(...args: string[]): Promise<string> {
  const { stdout } = await execa("kubectl", ["--namespace", namespace, ...args]);
  return stdout;
}

/** The node's own helper image, on every node of kind: no registry is needed for it. */
async function imageWithShell(): Promise<string> {
  const helper = ["configmap", "local-path-config", "--namespace", "local-path-storage"];
  const manifest = await kubectl("get", ...helper, "-o", "jsonpath={.data.helperPod\\.yaml}");
  const [, found] = /image:\s*"?([^\s"]+)/.exec(manifest) ?? [];
  if (found === undefined) throw new Error("The cluster has no local-path-provisioner");
  return found;
}

beforeAll(async () => {
  if (process.env["KUBECONFIG"] === undefined) {
    throw new Error("KUBECONFIG is not set: name the kubeconfig of a cluster to test on");
  }
  folder = await mkdtemp(join(tmpdir(), "provider-kubernetes-"));
  image = await imageWithShell();
  const pulumiCommand = await ensurePulumi(silent);
  const plugins = await ensurePlugins("standin", pulumiCommand, silent);
  stack = await LocalWorkspace.createStack(
    { stackName: "test", projectName: "provider-kubernetes", program: shop() },
    {
      workDir: folder,
      pulumiCommand,
      envVars: {
        PATH: `${plugins ?? ""}:${process.env["PATH"] ?? ""}`,
        PULUMI_BACKEND_URL: `file://${folder}`,
        PULUMI_CONFIG_PASSPHRASE: "test",
        PULUMI_SKIP_UPDATE_CHECK: "true",
      },
    },
  );
});

afterAll(async () => {
  await kubectl("delete", "namespace", namespace, "--ignore-not-found");
  await rm(folder, { recursive: true, force: true });
});

test("everything is made and awaited, and then nothing is to be changed", async () => {
  expect(await up()).toBe("");
  expect(await kubectl("get", "statefulset", "web", "-o", "jsonpath={.status.readyReplicas}")).toBe(
    "1",
  );
  expect(await kubectl("get", "job", "job", "-o", "jsonpath={.status.succeeded}")).toBe("1");
  expect(await kubectl("get", "secret", "login", "-o", "jsonpath={.data.password}")).toBe(
    Buffer.from("correct horse").toString("base64"),
  );
  expect(await preview()).toEqual([]);
});

test("secrets are nowhere in the clear in the state", async () => {
  const file = join(folder, ".pulumi", "stacks", "provider-kubernetes", "test.json");
  const state = await readFile(file, "utf8");
  expect(state).not.toContain("correct horse");
  expect(state).not.toContain(Buffer.from("correct horse").toString("base64"));
});

test("one changed field is one change, and another spelling of it none", async () => {
  expect(await preview({ replicas: 2 })).toEqual(["update web: spec.replicas"]);
  expect(await preview({ cpu: "0.01" })).toEqual([]);
});

test("other data make another ConfigMap, which rolls what refers to it", async () => {
  const before = await kubectl("get", "pod", "web-0", "-o", "jsonpath={.metadata.uid}");
  expect(await preview({ setting: "two" })).toEqual([
    "replace settings: data.setting",
    "update web: spec.template.spec.containers[0].env[0].value",
  ]);
  expect(await up({ setting: "two" })).toBe("");
  expect(await kubectl("get", "pod", "web-0", "-o", "jsonpath={.metadata.uid}")).not.toBe(before);
  expect(await kubectl("get", "configmaps", "-o", "name")).not.toMatch(/settings.*settings/s);
  expect(await up()).toBe("");
});

test("an immutable field replaces the object", async () => {
  expect(await preview({ serviceName: "other" })).toEqual(["replace web: spec.serviceName"]);
});

test("what somebody changes behind the program shows after a refresh, and is set right", async () => {
  await kubectl("scale", "statefulset", "web", "--replicas=2");
  await stack.refresh();
  expect(await preview()).toEqual(["update web: spec.replicas"]);
  // kubectl owns the field now: taking it back needs a word.
  expect(await up()).toContain("pulumi.com/patchForce");
  await kubectl("scale", "statefulset", "web", "--replicas=1");
  await kubectl("wait", "statefulset", "web", "--for=jsonpath={.status.replicas}=1");
  await stack.refresh();
  expect(await preview()).toEqual([]);
});

test("an object that is in the way is not taken over", async () => {
  await kubectl("delete", "job", "job");
  await stack.refresh();
  await kubectl("create", "job", "job", `--image=${image}`, "--", "true");
  expect(await up()).toContain(
    `Job ${namespace}/job already exists and this stack did not make it`,
  );
  await kubectl("delete", "job", "job");
});

test("an object that an interrupted create has left is taken up", async () => {
  // As a killed run leaves it: made by this resource, and not recorded.
  const urn = "urn:pulumi:test::provider-kubernetes::kubernetes:batch/v1:Job::job";
  const manifest = {
    apiVersion: "batch/v1",
    kind: "Job",
    metadata: { name: "job" },
    spec: {
      backoffLimit: 0,
      template: {
        spec: {
          restartPolicy: "Never",
          containers: [
            {
              name: "main",
              image,
              imagePullPolicy: "IfNotPresent",
              command: ["sh", "-c", "echo done"],
              resources: { requests: { cpu: "10m", memory: "8Mi" } },
            },
          ],
        },
      },
    },
  };
  const apply = ["apply", "--server-side", `--field-manager=${fieldManagerOf(urn)}`, "-f", "-"];
  await execa("kubectl", ["--namespace", namespace, ...apply], { input: JSON.stringify(manifest) });
  expect(await up()).toBe("");
  expect(await preview()).toEqual([]);
});

test("a crashing pod's last words are in the error, and mending it mends the stack", async () => {
  const command = "echo no configuration found >&2; exit 3";
  const errors = await up({ command, timeout: "20s" });
  expect(errors).toContain(`StatefulSet ${namespace}/web is not ready after 20 s`);
  expect(errors).toMatch(/Pod web-0: container main exited with code 3 \(Error\)/);
  expect(errors).toContain("no configuration found");
  const mending = up();
  // A StatefulSet does not replace a broken pod by itself: it must go after the new template is there.
  await expect
    .poll(() => kubectl("get", "statefulset", "web", "-o", "jsonpath={.spec.template}"), {
      timeout: 60_000,
    })
    .not.toContain("no configuration found");
  await kubectl("delete", "pod", "web-0");
  expect(await mending).toBe("");
});

test("a pod that fits on no node says so", async () => {
  const errors = await up({ jobCpu: "1000", timeout: "10s" });
  expect(errors).toMatch(/cannot be scheduled: .*Insufficient cpu/);
});

test("a failed job tells its log at once", async () => {
  const errors = await up({ job: "echo cannot open the till; exit 7" });
  expect(errors).toContain(`Job ${namespace}/job failed: BackoffLimitExceeded`);
  expect(errors).toContain("cannot open the till");
});

test("a mistake is found by the preview", async () => {
  await expect(preview({ cpu: "lots" })).rejects.toThrow("quantities must match");
});

test("everything is removed, what depends on others first", async () => {
  const removed: string[] = [];
  await stack.destroy({
    onEvent: ({ resOutputsEvent }) => {
      const { op, urn = "" } = resOutputsEvent?.metadata ?? {};
      if (op === "delete") removed.push(urn.split("::").slice(2).join(" "));
    },
  });
  const indexOf = (kind: string) => removed.findIndex((urn) => urn.includes(kind));
  expect(indexOf("Service")).toBeLessThan(indexOf("StatefulSet"));
  expect(indexOf("StatefulSet")).toBeLessThan(indexOf("Namespace"));
  const { stdout } = await execa("kubectl", ["get", "namespaces", "--output", "name"]);
  expect(stdout).not.toContain(namespace);
});
