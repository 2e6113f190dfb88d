import type { V1PodTemplateSpec } from "@kubernetes/client-node";
import { describe, expect, it } from "vitest";

import { podTemplate, type PodArgs, service } from "../../../../components/helpers/pod.ts";

const minimal: PodArgs = {
  image: "localhost/lakehouse/shop:1",
  ports: { http: 8080 },
  probe: { port: 8080 },
  resources: { cpu: "50m", memory: "64Mi", memoryLimit: "128Mi" },
};

describe("a pod", () => {
  it("keeps the floors that all share", () => {
    expect(podTemplate("shop", minimal)).toEqual({
      metadata: {
        labels: { "app.kubernetes.io/name": "shop", "app.kubernetes.io/part-of": "lakehouse" },
      },
      spec: {
        automountServiceAccountToken: false,
        enableServiceLinks: false,
        securityContext: {
          runAsNonRoot: true,
          runAsUser: 10001,
          runAsGroup: 10001,
          fsGroup: 10001,
          seccompProfile: { type: "RuntimeDefault" },
        },
        terminationGracePeriodSeconds: 30,
        containers: [
          {
            name: "shop",
            image: "localhost/lakehouse/shop:1",
            imagePullPolicy: "IfNotPresent",
            env: [],
            ports: [{ name: "http", containerPort: 8080 }],
            startupProbe: {
              tcpSocket: { port: 8080 },
              periodSeconds: 1,
              timeoutSeconds: 2,
              failureThreshold: 180,
            },
            readinessProbe: {
              tcpSocket: { port: 8080 },
              periodSeconds: 5,
              timeoutSeconds: 3,
              failureThreshold: 3,
            },
            livenessProbe: {
              tcpSocket: { port: 8080 },
              periodSeconds: 10,
              timeoutSeconds: 5,
              failureThreshold: 6,
            },
            resources: {
              requests: { cpu: "50m", memory: "64Mi" },
              limits: { cpu: "2", memory: "128Mi" },
            },
            securityContext: {
              allowPrivilegeEscalation: false,
              readOnlyRootFilesystem: true,
              capabilities: { drop: ["ALL"] },
            },
            volumeMounts: [{ name: "tmp", mountPath: "/tmp" }],
          },
        ],
        volumes: [{ name: "tmp", emptyDir: {} }],
      },
    });
  });

  it("gets settings, secrets by reference, files and its data volume", () => {
    const { spec } = podTemplate("shop", {
      ...minimal,
      env: { RATE: "50" },
      secretEnv: { PASSWORD: { secret: "shop-user", key: "password" } },
      files: {
        config: { path: "/etc/shop", configMap: "shop-1a2b3c" },
        user: { path: "/run/secrets/user", secret: "shop-user" },
      },
      dataPath: "/data",
      gracePeriodSeconds: 60,
    }) as unknown as V1PodTemplateSpec;
    expect(spec).toMatchObject({ terminationGracePeriodSeconds: 60 });
    expect(spec?.containers[0]).toMatchObject({
      env: [
        { name: "RATE", value: "50" },
        {
          name: "PASSWORD",
          valueFrom: { secretKeyRef: { name: "shop-user", key: "password" } },
        },
      ],
      volumeMounts: [
        { name: "tmp", mountPath: "/tmp" },
        { name: "data", mountPath: "/data" },
        { name: "config", mountPath: "/etc/shop", readOnly: true },
        { name: "user", mountPath: "/run/secrets/user", readOnly: true },
      ],
    });
    expect(spec?.volumes).toEqual([
      { name: "tmp", emptyDir: {} },
      { name: "config", configMap: { name: "shop-1a2b3c" } },
      { name: "user", secret: { secretName: "shop-user", defaultMode: 0o440 } },
    ]);
  });

  it("is asked over HTTP where it says how, for being alive as for being ready by default", () => {
    const probes = (probe: NonNullable<PodArgs["probe"]>) => {
      const { spec } = podTemplate("shop", { ...minimal, probe }) as unknown as V1PodTemplateSpec;
      const [container] = spec?.containers ?? [];
      return [container?.startupProbe, container?.readinessProbe, container?.livenessProbe].map(
        (one) => one?.httpGet,
      );
    };
    const ready = { path: "/readyz", port: 8080 };
    expect(probes({ port: 8080, ready: "/readyz" })).toEqual([ready, ready, ready]);
    expect(probes({ port: 8080, ready: "/readyz", live: "/healthz" })).toEqual([
      ready,
      ready,
      { path: "/healthz", port: 8080 },
    ]);
  });

  it("may take longer to start than usual", () => {
    const probe = { port: 8080, startSeconds: 600 };
    const { spec } = podTemplate("shop", { ...minimal, probe }) as unknown as V1PodTemplateSpec;
    expect(spec?.containers[0]?.startupProbe?.failureThreshold).toBe(600);
  });

  it("of a Job listens nowhere, runs once, and writes where it says", () => {
    const { image, resources } = minimal;
    const { spec } = podTemplate("shop", {
      image,
      resources,
      user: 999,
      scratch: { log: "/var/log/shop" },
      restartPolicy: "Never",
    }) as unknown as V1PodTemplateSpec;
    const [container] = spec?.containers ?? [];
    expect(spec?.restartPolicy).toBe("Never");
    expect(spec?.securityContext).toMatchObject({ runAsUser: 999, runAsGroup: 999, fsGroup: 999 });
    expect(container).not.toHaveProperty("readinessProbe");
    expect(container?.ports).toEqual([]);
    expect(container?.volumeMounts).toEqual([
      { name: "tmp", mountPath: "/tmp" },
      { name: "log", mountPath: "/var/log/shop" },
    ]);
    expect(spec?.volumes).toEqual([
      { name: "tmp", emptyDir: {} },
      { name: "log", emptyDir: {} },
    ]);
  });
});

describe("a pod of several containers", () => {
  const { image, resources } = minimal;
  const { spec } = podTemplate("shop", {
    ...minimal,
    scratch: { shared: "/var/lib/shop" },
    before: { migration: { image, resources, args: ["migrate"] } },
    beside: {
      worker: {
        image,
        resources,
        probe: { command: ["/bin/works"] },
        scratch: { shared: "/var/lib/shop" },
        files: { token: { path: "/run/token", serviceAccountToken: true } },
      },
    },
    serviceAccount: "shop",
  }) as unknown as V1PodTemplateSpec;

  it("has those before and those beside, all on the same floors", () => {
    expect(spec?.initContainers?.map(({ name, args }) => [name, args])).toEqual([
      ["migration", ["migrate"]],
    ]);
    expect(spec?.containers.map(({ name }) => name)).toEqual(["shop", "worker"]);
    for (const container of [...(spec?.initContainers ?? []), ...(spec?.containers ?? [])]) {
      expect(container.securityContext?.readOnlyRootFilesystem, container.name).toBe(true);
    }
  });

  it("has each volume once, whoever mounts it", () => {
    expect(spec?.volumes?.map(({ name }) => name)).toEqual(["tmp", "shared", "token"]);
    expect(spec?.containers.map(({ volumeMounts = [] }) => volumeMounts.length)).toEqual([2, 3]);
  });

  it("gives the token of its account to whoever asks for it, and to nobody else", () => {
    expect(spec).toMatchObject({
      automountServiceAccountToken: false,
      serviceAccountName: "shop",
    });
    const sources = spec?.volumes?.find(({ name }) => name === "token")?.projected?.sources ?? [];
    expect(sources.flatMap((source) => Object.keys(source))).toEqual([
      "serviceAccountToken",
      "configMap",
      "downwardAPI",
    ]);
    expect(spec?.containers[0]?.volumeMounts?.map(({ name }) => name)).not.toContain("token");
  });

  it("looks seldom at what costs a process", () => {
    const worker = spec?.containers[1];
    expect(worker?.livenessProbe?.exec).toEqual({ command: ["/bin/works"] });
    expect(worker?.livenessProbe?.periodSeconds).toBeGreaterThanOrEqual(60);
  });
});

describe("a service", () => {
  it("is not awaited, because its workload is", () => {
    expect(service("lakehouse", "shop", { ports: [{ port: 80 }] })).toMatchObject({
      metadata: { name: "shop", annotations: { "pulumi.com/skipAwait": "true" } },
      spec: { ports: [{ port: 80 }] },
    });
  });
});
