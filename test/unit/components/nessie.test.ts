import type { V1ConfigMap, V1Deployment } from "@kubernetes/client-node";
import { output } from "@pulumi/pulumi";
import { beforeAll, describe, expect, it } from "vitest";

import { Nessie } from "../../../components/nessie.ts";
import { record, type Recording } from "../../support/mocks.ts";

describe("Nessie", () => {
  let recording: Recording;
  let uri: unknown;

  beforeAll(async () => {
    recording = await record(() => {
      const nessie = new Nessie("nessie", {
        namespace: "lakehouse",
        image: "localhost/lakehouse/nessie:1",
        nodePort: 30120,
        database: {
          address: output("postgres:5432"),
          database: output("nessie"),
          credentialsSecret: output("postgres-nessie"),
        },
        objectStorage: {
          endpoint: output("http://minio:9000"),
          credentialsSecret: output("minio-nessie"),
        },
      });
      nessie.uri.apply((known) => (uri = known));
    });
  });

  it("keeps its versions in Postgres and its tables in the warehouse", () => {
    const { inputs } = recording.find("kubernetes:core/v1:ConfigMap", "nessie");
    expect((inputs as V1ConfigMap).data?.["application.properties"]?.trimEnd().split("\n")).toEqual(
      [
        "nessie.version.store.type=JDBC2",
        "nessie.version.store.persist.jdbc.datasource=postgresql",
        "quarkus.datasource.postgresql.username=${DATABASE_USERNAME}",
        "quarkus.datasource.postgresql.password=${DATABASE_PASSWORD}",
        "nessie.catalog.default-warehouse=warehouse",
        "nessie.catalog.warehouses.warehouse.location=s3://warehouse/",
        "nessie.catalog.service.s3.default-options.path-style-access=true",
        "nessie.catalog.service.s3.default-options.region=us-east-1",
        "nessie.catalog.service.s3.default-options.access-key=urn:nessie-secret:quarkus:object-storage",
        "object-storage.name=${S3_ACCESS_KEY}",
        "object-storage.secret=${S3_SECRET_KEY}",
        "nessie.catalog.object-stores.health-check.enabled=false",
        "quarkus.datasource.postgresql.jdbc.url=jdbc:postgresql://postgres:5432/nessie",
        "nessie.catalog.service.s3.default-options.endpoint=http://minio:9000/",
      ],
    );
  });

  it("gets its passwords from Secrets and is asked for its health at the management port", () => {
    const { inputs } = recording.find("kubernetes:apps/v1:Deployment", "nessie");
    const container = (inputs as unknown as V1Deployment).spec?.template.spec?.containers[0];
    const secrets = container?.env
      ?.filter(({ valueFrom }) => valueFrom)
      .map(({ name, valueFrom }) => [name, valueFrom?.secretKeyRef]);
    expect(secrets).toEqual([
      ["DATABASE_USERNAME", { name: "postgres-nessie", key: "username" }],
      ["DATABASE_PASSWORD", { name: "postgres-nessie", key: "password" }],
      ["S3_ACCESS_KEY", { name: "minio-nessie", key: "access-key" }],
      ["S3_SECRET_KEY", { name: "minio-nessie", key: "secret-key" }],
    ]);
    expect(container?.readinessProbe?.httpGet).toEqual({ path: "/q/health/ready", port: 9000 });
    expect(container?.livenessProbe?.httpGet).toEqual({ path: "/q/health/live", port: 9000 });
    expect(uri).toBe("http://nessie:19120");
  });

  it("reads its settings anew when they change, since the ConfigMap is named by Pulumi", () => {
    const { inputs } = recording.find("kubernetes:core/v1:ConfigMap", "nessie");
    expect((inputs as V1ConfigMap).metadata).not.toHaveProperty("name");
    const deployment = recording.find("kubernetes:apps/v1:Deployment", "nessie").inputs;
    const volumes = (deployment as unknown as V1Deployment).spec?.template.spec?.volumes;
    expect(volumes?.find(({ name }) => name === "config")?.configMap?.name).toBe("nessie-1a2b3c");
  });
});
