import type { V1PodSpec } from "@kubernetes/client-node";
import { output } from "@pulumi/pulumi";
import { describe, expect, it } from "vitest";

import { Streaming, type StreamingArgs } from "../../../components/streaming.ts";
import { nessie, record } from "../../support/mocks.ts";

const args: StreamingArgs = {
  namespace: "lakehouse",
  image: "localhost/lakehouse/streaming:1",
  operator: { serviceAccount: output("spark-operator-spark") },
  kafka: { bootstrapServers: output("kafka:9092") },
  catalog: nessie,
  objectStorage: {
    endpoint: output("http://minio:9000"),
    credentialsSecret: output("minio-spark"),
  },
  triggerSeconds: 2,
  maxOffsets: 150_000,
  alerts: { windowMinutes: 60, threshold: 4, cooldownMinutes: 5, minimumHistoryMinutes: 10 },
  nodePort: 30040,
};

interface Role {
  readonly cores: number;
  readonly memory: string;
  readonly template: { readonly spec: V1PodSpec };
}

async function deploy(more: Partial<StreamingArgs>) {
  const recording = await record(() => new Streaming("streaming", { ...args, ...more }));
  const application = "kubernetes:sparkoperator.k8s.io/v1beta2:SparkApplication";
  const { driver, executor } = recording.find(application, "streaming").inputs["spec"] as {
    driver: Role;
    executor: Partial<Role>;
  };
  const { env = [] } = driver.template.spec.containers[0] ?? {};
  return { driver, executor, master: env.find(({ name }) => name === "SPARK_MASTER")?.value };
}

describe("the stream", () => {
  it("is one pod that tries a task as often as executors would", async () => {
    const { driver, executor, master } = await deploy({});
    expect(executor).toEqual({});
    expect(driver).toMatchObject({ cores: 2, memory: "1024m" });
    expect(master).toBe("local[2,4]");
  });

  it("leaves the work to executors where it may have some", async () => {
    const { driver, executor, master } = await deploy({ maxExecutors: 1 });
    expect(driver).toMatchObject({ cores: 1, memory: "768m" });
    expect(executor).toMatchObject({ cores: 2, memory: "768m", instances: 1 });
    expect(master).toBeUndefined();
  });
});
