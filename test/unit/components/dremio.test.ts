import type {
  V1ConfigMap,
  V1Job,
  V1Secret,
  V1Service,
  V1StatefulSet,
} from "@kubernetes/client-node";
import { output } from "@pulumi/pulumi";
import { beforeAll, describe, expect, it } from "vitest";

import { versions } from "../../../components/versions.ts";
import { Dremio } from "../../../components/dremio.ts";
import { nessie, record, type Recording, waitsFor } from "../../support/mocks.ts";
import { environment } from "../../support/pods.ts";

describe("Dremio", () => {
  let recording: Recording;
  let needed: string[];
  const connection: Record<string, unknown> = {};

  beforeAll(async () => {
    let waits: Promise<string[]> | undefined;
    recording = await record(() => {
      const dremio = new Dremio("query", {
        namespace: "lakehouse",
        bootstrapImage: "localhost/lakehouse/apps:1",
        nodePort: 32010,
        catalog: nessie,
        objectStorage: {
          endpoint: output("http://minio:9000"),
          credentialsSecret: output("minio-query"),
        },
        dremioStorage: "20Gi",
      });
      waits = waitsFor(dremio.address);
      dremio.address.apply((address) => (connection["address"] = address));
      dremio.credentialsSecret.apply((secret) => (connection["secret"] = secret));
    });
    needed = (await waits) ?? [];
  });

  const server = () => {
    const { inputs } = recording.find("kubernetes:apps/v1:StatefulSet", "query");
    return (inputs as unknown as V1StatefulSet).spec;
  };
  const container = () => server()?.template.spec?.containers[0];
  const bootstrap = () => {
    const { inputs } = recording.find("kubernetes:batch/v1:Job", "query-bootstrap");
    return (inputs as unknown as V1Job).spec?.template.spec;
  };
  it("is upstream's image, as the user that it was made for", () => {
    expect(container()?.image).toBe(`docker.io/dremio/dremio-oss:${versions.dremio}`);
    expect(server()?.template.spec?.securityContext).toMatchObject({
      runAsUser: 999,
      runAsGroup: 999,
      fsGroup: 999,
    });
  });

  it("keeps its catalog on a volume, and reflections in MinIO", () => {
    expect(container()?.volumeMounts).toContainEqual({
      name: "data",
      mountPath: "/opt/dremio/data",
    });
    expect(server()?.volumeClaimTemplates?.[0]?.spec?.resources?.requests).toEqual({
      storage: "20Gi",
    });
    expect(environment(container())["DREMIO_JAVA_SERVER_EXTRA_OPTS"]).toBe(
      "-Dpaths.dist=dremioS3:///dremio/dist " +
        "-Dpaths.results=pdfs:///opt/dremio/data/results " +
        "-Dservices.coordinator.auto-upgrade=true",
    );
  });

  it("reaches MinIO by core-site.xml, with keys from its environment", () => {
    const { inputs } = recording.find("kubernetes:core/v1:ConfigMap", "query");
    const xml = (inputs as unknown as V1ConfigMap).data?.["core-site.xml"] ?? "";
    const properties = Object.fromEntries(
      [...xml.matchAll(/<name>(.*?)<\/name><value>(.*?)<\/value>/g)].map(([, name, value]) => [
        name,
        value,
      ]),
    ) as Record<string, string>;
    expect(properties).toEqual({
      "fs.dremioS3.impl": "com.dremio.plugins.s3.store.S3FileSystem",
      "fs.s3a.aws.credentials.provider": "org.apache.hadoop.fs.s3a.SimpleAWSCredentialsProvider",
      "fs.s3a.access.key": "${env.S3_ACCESS_KEY}",
      "fs.s3a.secret.key": "${env.S3_SECRET_KEY}",
      "fs.s3a.endpoint": "minio:9000",
      "fs.s3a.connection.ssl.enabled": "false",
      "fs.s3a.path.style.access": "true",
      "dremio.s3.compat": "true",
      "dremio.s3.whitelisted.buckets": "dremio",
    });
    expect(environment(container())).toMatchObject({
      DREMIO_CLASSPATH_USER_FIRST: "/opt/lakehouse/conf",
      S3_ACCESS_KEY: { name: "minio-query", key: "access-key" },
      S3_SECRET_KEY: { name: "minio-query", key: "secret-key" },
    });
    expect(container()?.volumeMounts).toContainEqual({
      name: "config",
      mountPath: "/opt/lakehouse/conf",
      readOnly: true,
    });
  });

  it("stays within its memory: heap, direct memory and 1 GiB", () => {
    const sizes = environment(container());
    const bounded =
      Number(sizes["DREMIO_MAX_HEAP_MEMORY_SIZE_MB"]) +
      Number(sizes["DREMIO_MAX_DIRECT_MEMORY_SIZE_MB"]);
    expect(container()?.resources?.limits?.["memory"]).toBe(`${bounded + 1024}Mi`);
  });

  it("is ready when it says so, long after its start if need be", () => {
    const ready = { path: "/apiv2/server_status", port: 9047 };
    expect(container()?.startupProbe).toMatchObject({ httpGet: ready, failureThreshold: 600 });
    expect(container()?.readinessProbe?.httpGet).toEqual(ready);
    expect(container()?.livenessProbe?.httpGet).toEqual({ path: "/", port: 9047 });
  });

  it("answers Flight on this machine, and shows its page inside of the cluster alone", () => {
    const ports = (name: string) => {
      const { inputs } = recording.find("kubernetes:core/v1:Service", name);
      return (inputs as unknown as V1Service).spec;
    };
    expect(ports("query")).toMatchObject({
      type: "NodePort",
      ports: [{ name: "flight", port: 32010, nodePort: 32010 }],
    });
    expect(ports("query-web")).not.toHaveProperty("type");
    expect(ports("query-web")?.ports).toEqual([{ name: "web", port: 9047, targetPort: "web" }]);
  });

  it("is set up by a Job with the generated password", () => {
    const secret = recording.find("kubernetes:core/v1:Secret", "query-user").inputs as V1Secret;
    expect(secret.stringData).toEqual({
      username: "lakehouse",
      password: "secret of query-user",
    });
    expect(bootstrap()?.restartPolicy).toBe("Never");
    const [job] = bootstrap()?.containers ?? [];
    expect(job?.image).toBe("localhost/lakehouse/apps:1");
    expect(job?.args).toEqual(["/app/dremio-bootstrap.mjs"]);
    expect(environment(job)).toEqual({
      DREMIO_URL: "http://query-web:9047",
      NESSIE_URI: "http://nessie:19120/api/v2",
      S3_ENDPOINT: "http://minio:9000",
      S3_ACCESS_KEY_FILE: "/run/secrets/object-storage/access-key",
      S3_SECRET_KEY_FILE: "/run/secrets/object-storage/secret-key",
      DREMIO_USER_FILE: "/run/secrets/user/username",
      DREMIO_PASSWORD_FILE: "/run/secrets/user/password",
      VIEWS: "/opt/lakehouse/views",
    });
    expect(bootstrap()?.volumes).toContainEqual({
      name: "views",
      configMap: { name: "query-views-1a2b3c" },
    });
  });

  it("is known to others once it is set up", () => {
    expect(needed).toEqual(["query-bootstrap"]);
    expect(connection).toEqual({ address: "query:32010", secret: "query-user" });
  });
});
