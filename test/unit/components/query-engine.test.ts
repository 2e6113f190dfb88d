import type { V1Deployment, V1Secret, V1Service } from "@kubernetes/client-node";
import { output } from "@pulumi/pulumi";
import { beforeAll, describe, expect, it } from "vitest";

import { QueryEngine } from "../../../components/query-engine.ts";
import { nessie, record, type Recording } from "../../support/mocks.ts";

describe("the query engine", () => {
  let recording: Recording;
  const connection: Record<string, unknown> = {};

  beforeAll(async () => {
    recording = await record(() => {
      const query = new QueryEngine("query", {
        namespace: "lakehouse",
        image: "localhost/lakehouse/query:1",
        nodePort: 32010,
        catalog: nessie,
        objectStorage: {
          endpoint: output("http://minio:9000"),
          credentialsSecret: output("minio-query"),
        },
      });
      query.address.apply((address) => (connection["address"] = address));
      query.credentialsSecret.apply((secret) => (connection["secret"] = secret));
    });
  });

  const pod = () => {
    const { inputs } = recording.find("kubernetes:apps/v1:Deployment", "query");
    return (inputs as unknown as V1Deployment).spec?.template.spec;
  };

  it("reads tables through Nessie and MinIO, with keys from files", () => {
    expect(pod()?.containers[0]?.env).toEqual(
      Object.entries({
        PORT: "32010",
        NESSIE_URI: "http://nessie:19120",
        S3_ENDPOINT: "http://minio:9000",
        S3_ACCESS_KEY_FILE: "/run/secrets/object-storage/access-key",
        S3_SECRET_KEY_FILE: "/run/secrets/object-storage/secret-key",
        FLIGHT_USER_FILE: "/run/secrets/user/username",
        FLIGHT_PASSWORD_FILE: "/run/secrets/user/password",
      }).map(([name, value]) => ({ name, value })),
    );
    expect(pod()?.volumes?.map(({ name, secret }) => [name, secret?.secretName])).toEqual([
      ["tmp", undefined],
      ["object-storage", "minio-query"],
      ["user", "query-user"],
    ]);
  });

  it("has one user, with a generated password", () => {
    const secret = recording.find("kubernetes:core/v1:Secret", "query-user").inputs as V1Secret;
    expect(secret.stringData).toEqual({
      username: "lakehouse",
      password: "secret of query-user",
    });
    expect(connection).toEqual({ address: "query:32010", secret: "query-user" });
  });

  it("answers Flight inside of the cluster and on this machine", () => {
    const { inputs } = recording.find("kubernetes:core/v1:Service", "query");
    expect((inputs as unknown as V1Service).spec?.ports).toEqual([
      { name: "flight", port: 32010, nodePort: 32010 },
    ]);
  });
});
