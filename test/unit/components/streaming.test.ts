import type { V1PodSpec } from "@kubernetes/client-node";
import { describe, expect, it } from "vitest";

import { Streaming, type StreamingArgs } from "../../../components/streaming.ts";
import { record, sparkJob } from "../../support/mocks.ts";
import { environment } from "../../support/pods.ts";

const args: StreamingArgs = {
  ...sparkJob,
  image: "localhost/lakehouse/streaming:1",
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
  return { driver, executor, env: environment(driver.template.spec.containers[0]) };
}

describe("the stream", () => {
  it("is one pod that tries a task as often as executors would", async () => {
    const { driver, executor, env } = await deploy({});
    expect(executor).toEqual({});
    expect(driver).toMatchObject({ cores: 2, memory: "1024m" });
    expect(env["SPARK_MASTER"]).toBe("local[2,4]");
  });

  it("is told where events come from and where tables go", async () => {
    expect((await deploy({})).env).toEqual({
      KAFKA_BOOTSTRAP_SERVERS: "kafka:9092",
      NESSIE_URI: "http://nessie:19120/api/v2",
      S3_ENDPOINT: "http://minio:9000",
      SPARK_MASTER: "local[2,4]",
      TRIGGER: "2 seconds",
      MAX_OFFSETS_PER_TRIGGER: "150000",
      ALERT_WINDOW_MINUTES: "60",
      ALERT_THRESHOLD: "4",
      ALERT_COOLDOWN_MINUTES: "5",
      ALERT_MINIMUM_HISTORY_MINUTES: "10",
      AWS_ACCESS_KEY_ID: { name: "minio-spark", key: "access-key" },
      AWS_SECRET_ACCESS_KEY: { name: "minio-spark", key: "secret-key" },
    });
  });

  it("leaves the work to executors where it may have some", async () => {
    const { driver, executor, env } = await deploy({ maxExecutors: 1 });
    expect(driver).toMatchObject({ cores: 1, memory: "768m" });
    expect(executor).toMatchObject({ cores: 2, memory: "768m", instances: 1 });
    expect(env).not.toHaveProperty("SPARK_MASTER");
  });
});
