import type { V1Container } from "@kubernetes/client-node";
import { type ComponentResourceOptions, CustomResource, output } from "@pulumi/pulumi";
import { describe, expect, it } from "vitest";

import { createFeatures, type FeaturesArgs } from "../../../components/features.ts";
import { record, sparkJob } from "../../support/mocks.ts";
import { environment } from "../../support/pods.ts";

const args: FeaturesArgs = {
  ...sparkJob,
  image: "localhost/lakehouse/features:1",
  offlineStore: {
    address: output("postgres:5432"),
    database: output("lakehouse"),
    credentialsSecret: output("postgres-features"),
  },
  onlineStore: { address: output("redis:6379"), credentialsSecret: output("redis") },
  timeToLive: "7d",
};

class Stream extends CustomResource {
  constructor(opts?: ComponentResourceOptions) {
    super("test:index:Stream", "streaming", {}, opts);
  }
}

const deploy = (isEnabled: boolean) =>
  record(() => createFeatures("features", { ...args, isEnabled, after: new Stream() }));

const application = "kubernetes:sparkoperator.k8s.io/v1beta2:SparkApplication";

describe("the feature pipeline", () => {
  it("is one pod that is told where objects come from and where features go", async () => {
    const { inputs } = (await deploy(true)).find(application, "features");
    const { driver, executor } = inputs["spec"] as {
      driver: { template: { spec: { containers: V1Container[] } } };
      executor: unknown;
    };
    expect(executor).toEqual({});
    expect(environment(driver.template.spec.containers[0])).toEqual({
      KAFKA_BOOTSTRAP_SERVERS: "kafka:9092",
      NESSIE_URI: "http://nessie:19120/api/v2",
      S3_ENDPOINT: "http://minio:9000",
      DATABASE_ADDRESS: "postgres:5432",
      DATABASE_NAME: "lakehouse",
      REDIS_ADDRESS: "redis:6379",
      TIME_TO_LIVE: "7d",
      AWS_ACCESS_KEY_ID: { name: "minio-spark", key: "access-key" },
      AWS_SECRET_ACCESS_KEY: { name: "minio-spark", key: "secret-key" },
      DATABASE_USERNAME: { name: "postgres-features", key: "username" },
      DATABASE_PASSWORD: { name: "postgres-features", key: "password" },
      REDIS_PASSWORD: { name: "redis", key: "password" },
    });
  });

  it("can be left out", async () => {
    const recording = await deploy(false);
    expect(recording.resources.map(({ name }) => name)).toEqual(["streaming"]);
  });
});
