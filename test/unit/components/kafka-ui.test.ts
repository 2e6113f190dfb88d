import type { V1Deployment, V1Service } from "@kubernetes/client-node";
import { output } from "@pulumi/pulumi";
import { beforeAll, describe, expect, it } from "vitest";

import { KafkaUi } from "../../../components/kafka-ui.ts";
import { record, type Recording } from "../../support/mocks.ts";

describe("the web page for Kafka", () => {
  let recording: Recording;

  beforeAll(async () => {
    recording = await record(
      () =>
        new KafkaUi("kafka-ui", {
          namespace: "lakehouse",
          nodePort: 30081,
          kafka: { bootstrapServers: output("kafka:9092") },
        }),
    );
  });

  const container = () => {
    const { inputs } = recording.find("kubernetes:apps/v1:Deployment", "kafka-ui");
    return (inputs as unknown as V1Deployment).spec?.template.spec?.containers[0];
  };

  it("is upstream's image at a version", () => {
    expect(container()?.image).toMatch(/^ghcr\.io\/kafbat\/kafka-ui:v\d+\.\d+\.\d+$/);
  });

  it("shows the cluster and changes nothing", () => {
    expect(container()?.env).toEqual(
      expect.arrayContaining([
        { name: "KAFKA_CLUSTERS_0_BOOTSTRAPSERVERS", value: "kafka:9092" },
        { name: "KAFKA_CLUSTERS_0_READONLY", value: "true" },
      ]),
    );
  });

  it("asks for a generated password", () => {
    expect(container()?.env).toEqual(
      expect.arrayContaining([
        { name: "AUTH_TYPE", value: "LOGIN_FORM" },
        {
          name: "SPRING_SECURITY_USER_PASSWORD",
          valueFrom: { secretKeyRef: { name: "kafka-ui-user", key: "password" } },
        },
      ]),
    );
    expect(recording.find("kubernetes:core/v1:Secret", "kafka-ui-user").inputs).toMatchObject({
      stringData: { username: "lakehouse", password: "secret of kafka-ui-user" },
    });
  });

  it("is seen on this machine", () => {
    const { inputs } = recording.find("kubernetes:core/v1:Service", "kafka-ui");
    expect((inputs as unknown as V1Service).spec).toMatchObject({
      type: "NodePort",
      ports: [{ port: 8080, nodePort: 30081 }],
    });
  });
});
