import type { V1Container, V1Deployment, V1Service } from "@kubernetes/client-node";
import { output } from "@pulumi/pulumi";
import { describe, expect, it } from "vitest";

import { Dashboard, type DashboardArgs } from "../../../components/dashboard.ts";
import { Namespace } from "../../../components/namespace.ts";
import { Producer } from "../../../components/producer.ts";
import { nessie, record, type Recording } from "../../support/mocks.ts";
import { environment } from "../../support/pods.ts";

const container = (recording: Recording, name: string): V1Container | undefined => {
  const { inputs } = recording.find("kubernetes:apps/v1:Deployment", name);
  return (inputs as unknown as V1Deployment).spec?.template.spec?.containers[0];
};

describe("the namespace", () => {
  it("admits only pods that keep the standard `restricted`", async () => {
    const recording = await record(() => new Namespace("lakehouse"));
    expect(recording.find("kubernetes:core/v1:Namespace", "lakehouse").inputs).toMatchObject({
      metadata: {
        name: "lakehouse",
        labels: {
          "pod-security.kubernetes.io/enforce": "restricted",
          "pod-security.kubernetes.io/enforce-version": "latest",
        },
      },
    });
  });
});

describe("the producer", () => {
  const deploy = () =>
    record(
      () =>
        new Producer("producer", {
          namespace: "lakehouse",
          image: "localhost/lakehouse/apps:1",
          kafka: { bootstrapServers: output("kafka:9092") },
          rate: 50,
        }),
    );

  it("sends events of a made-up shop to Kafka", async () => {
    const producer = container(await deploy(), "producer");
    expect(producer?.args).toEqual(["/app/producer.mjs", "generate"]);
    expect(environment(producer)).toEqual({ KAFKA_BROKERS: "kafka:9092", RATE: "50" });
    expect(producer?.readinessProbe?.httpGet).toEqual({ path: "/readyz", port: 8080 });
    expect(producer?.livenessProbe?.httpGet).toEqual({ path: "/healthz", port: 8080 });
  });

  it("is never there twice", async () => {
    const { inputs } = (await deploy()).find("kubernetes:apps/v1:Deployment", "producer");
    expect((inputs as unknown as V1Deployment).spec?.strategy).toEqual({ type: "Recreate" });
  });
});

describe("the dashboard", () => {
  const deploy = (args: Partial<DashboardArgs> = {}) =>
    record(
      () =>
        new Dashboard("dashboard", {
          namespace: "lakehouse",
          image: "localhost/lakehouse/apps:1",
          nodePort: 30080,
          query: {
            address: output("query:32010"),
            credentialsSecret: output("query-user"),
          },
          ...args,
        }),
    );

  it("asks the query engine as its user, and is seen on this machine by who knows the password", async () => {
    const recording = await deploy();
    const dashboard = container(recording, "dashboard");
    expect(dashboard?.args).toEqual(["/app/dashboard/server.mjs"]);
    expect(environment(dashboard)).toEqual({
      PORT: "8080",
      FLIGHT_ADDRESS: "query:32010",
      FLIGHT_USER_FILE: "/run/secrets/query/username",
      FLIGHT_PASSWORD_FILE: "/run/secrets/query/password",
      AUTH: "password",
      AUTH_USER_FILE: "/run/secrets/user/username",
      AUTH_PASSWORD_FILE: "/run/secrets/user/password",
    });
    expect(dashboard?.volumeMounts).toContainEqual({
      name: "user",
      mountPath: "/run/secrets/user",
      readOnly: true,
    });
    expect(recording.find("kubernetes:core/v1:Secret", "dashboard-user").inputs).toMatchObject({
      metadata: { name: "dashboard-user" },
      stringData: { username: "lakehouse", password: "secret of dashboard-user" },
    });
    const { inputs } = recording.find("kubernetes:core/v1:Service", "dashboard");
    expect((inputs as unknown as V1Service).spec).toMatchObject({
      type: "NodePort",
      ports: [{ port: 8080, nodePort: 30080 }],
    });
  });

  it("is told where the parts of the pipeline are", async () => {
    const recording = await deploy({
      kafka: { bootstrapServers: output("kafka:9092") },
      catalog: nessie,
      sparkUi: "http://streaming-ui:4040",
    });
    expect(environment(container(recording, "dashboard"))).toMatchObject({
      KAFKA_BROKERS: "kafka:9092",
      NESSIE_URI: "http://nessie:19120",
      SPARK_UI_URI: "http://streaming-ui:4040",
    });
  });

  it("reads features as a user of its own", async () => {
    const dashboard = container(
      await deploy({
        features: { address: output("redis:6379"), credentialsSecret: output("redis-serving") },
      }),
      "dashboard",
    );
    expect(environment(dashboard)).toMatchObject({
      REDIS_ADDRESS: "redis:6379",
      REDIS_USER_FILE: "/run/secrets/redis/username",
      REDIS_PASSWORD_FILE: "/run/secrets/redis/password",
    });
    expect(dashboard?.volumeMounts?.map(({ mountPath }) => mountPath)).toContain(
      "/run/secrets/redis",
    );
  });

  it("has no password if the stack wants none", async () => {
    const recording = await deploy({ auth: "none" });
    const { env, volumeMounts } = container(recording, "dashboard") ?? {};
    expect(environment({ env })).toMatchObject({ AUTH: "none" });
    expect(environment({ env })).not.toHaveProperty("AUTH_PASSWORD_FILE");
    expect(volumeMounts?.map(({ name }) => name)).toEqual(["tmp", "query"]);
    expect(recording.all("random:index/randomPassword:RandomPassword")).toEqual([]);
  });
});
