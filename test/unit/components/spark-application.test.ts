import { readFileSync } from "node:fs";

import type { V1PodTemplateSpec, V1Service } from "@kubernetes/client-node";
import { beforeAll, describe, expect, it } from "vitest";

import { SparkApplication } from "../../../components/spark-application.ts";
import { versions } from "../../../components/versions.ts";
import { record, type Recording } from "../../support/mocks.ts";

interface Role {
  template: V1PodTemplateSpec;
}

interface Application {
  metadata: { name: string; annotations: Record<string, string> };
  spec: { driver: Role; executor: Role };
}

describe("a Spark application", () => {
  let recording: Recording;
  let application: Application;

  beforeAll(async () => {
    recording = await record(
      () =>
        new SparkApplication("streaming", {
          namespace: "lakehouse",
          image: "localhost/lakehouse/streaming:1",
          serviceAccount: "spark-operator-spark",
          program: "/opt/lakehouse/streaming/main.py",
          env: { TRIGGER: "1 seconds" },
          secretEnv: { AWS_ACCESS_KEY_ID: { secret: "minio-spark", key: "access-key" } },
          driver: { cores: 1, cpu: "250m", heapMiB: 768, overheadMiB: 512 },
          executor: { cores: 2, cpu: "300m", heapMiB: 640, overheadMiB: 384 },
          uiNodePort: 30040,
        }),
    );
    application = recording.find(
      "kubernetes:sparkoperator.k8s.io/v1beta2:SparkApplication",
      "streaming",
    ).inputs as unknown as Application;
  });

  it("is known as running when its driver runs", () => {
    expect(application.metadata).toMatchObject({
      name: "streaming",
      annotations: {
        "pulumi.com/waitFor": "jsonpath={.status.applicationState.state}=RUNNING",
      },
    });
  });

  it("runs without end, restarted at once", () => {
    expect(application.spec).toMatchObject({
      type: "Python",
      mode: "cluster",
      image: "localhost/lakehouse/streaming:1",
      imagePullPolicy: "IfNotPresent",
      mainApplicationFile: "local:///opt/lakehouse/streaming/main.py",
      restartPolicy: {
        type: "Always",
        onFailureRetryInterval: 1,
        onSubmissionFailureRetryInterval: 2,
      },
    });
  });

  it("names the version of Spark that its image has", () => {
    const requirements = readFileSync("images/spark/requirements.txt", "utf8");
    expect(requirements).toContain(`pyspark==${versions.spark}\n`);
    expect(application.spec).toMatchObject({ sparkVersion: versions.spark });
  });

  it("gives driver and executor their sizes, as Spark writes them", () => {
    expect(application.spec.driver).toMatchObject({
      cores: 1,
      coreRequest: "250m",
      coreLimit: "2",
      memory: "768m",
      memoryOverhead: "512m",
      serviceAccount: "spark-operator-spark",
    });
    expect(application.spec.executor).toMatchObject({
      cores: 2,
      coreRequest: "300m",
      coreLimit: "2",
      memory: "640m",
      memoryOverhead: "384m",
      instances: 1,
    });
  });

  it.each([
    { role: "driver", container: "spark-kubernetes-driver", hasToken: true },
    { role: "executor", container: "spark-kubernetes-executor", hasToken: false },
  ] as const)("hardens the $role, and lets it into the cluster's API: $hasToken", (expected) => {
    const { template } = application.spec[expected.role];
    expect(template.spec).toEqual({
      automountServiceAccountToken: expected.hasToken,
      enableServiceLinks: false,
      securityContext: {
        runAsNonRoot: true,
        runAsUser: 185,
        runAsGroup: 185,
        fsGroup: 185,
        seccompProfile: { type: "RuntimeDefault" },
      },
      containers: [
        {
          name: expected.container,
          env: [
            { name: "TRIGGER", value: "1 seconds" },
            {
              name: "AWS_ACCESS_KEY_ID",
              valueFrom: { secretKeyRef: { name: "minio-spark", key: "access-key" } },
            },
          ],
          securityContext: {
            allowPrivilegeEscalation: false,
            readOnlyRootFilesystem: true,
            capabilities: { drop: ["ALL"] },
          },
          volumeMounts: [{ name: "tmp", mountPath: "/tmp" }],
        },
      ],
      volumes: [{ name: "tmp", emptyDir: {} }],
    });
  });

  it("shows the driver's UI at a fixed port", () => {
    const { inputs } = recording.find("kubernetes:core/v1:Service", "streaming-ui");
    expect((inputs as unknown as V1Service).spec).toEqual({
      type: "NodePort",
      selector: { "sparkoperator.k8s.io/app-name": "streaming", "spark-role": "driver" },
      ports: [{ name: "ui", port: 4040, nodePort: 30040 }],
    });
  });
});
