import type {
  V1ConfigMap,
  V1Deployment,
  V1PodSpec,
  V1Role,
  V1RoleBinding,
  V1Secret,
  V1Service,
} from "@kubernetes/client-node";
import { output } from "@pulumi/pulumi";
import { beforeAll, describe, expect, it } from "vitest";

import { type AirflowArgs, Airflow } from "../../../components/airflow.ts";
import { podTemplate } from "../../../components/helpers/pod.ts";
import { record, type Recording } from "../../support/mocks.ts";

const database = {
  address: output("postgres:5432"),
  database: output("airflow"),
  credentialsSecret: output("postgres-airflow"),
};
const objectStorage = {
  endpoint: output("http://minio:9000"),
  credentialsSecret: output("minio-airflow"),
};
const args: AirflowArgs = {
  namespace: "lakehouse",
  image: "localhost/lakehouse/airflow:1",
  nodePort: 30088,
  database,
  objectStorage,
  flows: {
    training: {
      schedule: "*/5 * * * *",
      template: podTemplate("replay-training", {
        image: "localhost/lakehouse/apps:1",
        args: ["/app/replay.mjs", "--flow", "training"],
        env: { S3_ENDPOINT: objectStorage.endpoint },
        secretEnv: { AWS_ACCESS_KEY_ID: { secret: "minio-copier", key: "access-key" } },
        resources: { cpu: "20m", memory: "64Mi", memoryLimit: "192Mi" },
        restartPolicy: "Never",
      }),
    },
    testing: { schedule: undefined, template: { metadata: {}, spec: { containers: [] } } },
  },
};

describe("Airflow", () => {
  let recording: Recording;
  let pod: V1PodSpec;

  beforeAll(async () => {
    recording = await record(() => new Airflow("airflow", args));
    const { inputs } = recording.find("kubernetes:apps/v1:Deployment", "airflow");
    pod = (inputs as unknown as V1Deployment).spec?.template.spec as V1PodSpec;
  });

  const container = (name: string) => {
    const found = [...(pod.initContainers ?? []), ...pod.containers].find(
      (one) => one.name === name,
    );
    if (found === undefined) throw new Error(`no container ${name}`);
    return found;
  };
  const mounts = (name: string) => container(name).volumeMounts?.map((mount) => mount.name);

  it("is one pod of three programs, which start when the tables are there", () => {
    expect(pod.initContainers?.map(({ name, args: words }) => [name, words])).toEqual([
      ["migration", ["db", "migrate"]],
    ]);
    expect(pod.containers.map(({ name, args: words }) => [name, words])).toEqual([
      ["airflow", ["api-server"]],
      ["scheduler", ["scheduler", "--skip-serve-logs"]],
      ["dag-processor", ["dag-processor"]],
    ]);
    const { inputs } = recording.find("kubernetes:apps/v1:Deployment", "airflow");
    expect((inputs as unknown as V1Deployment).spec?.strategy).toEqual({ type: "Recreate" });
  });

  it("keeps every container to the floors, with a probe and bounds", () => {
    for (const one of [...(pod.initContainers ?? []), ...pod.containers]) {
      expect(one.securityContext, one.name).toEqual({
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ["ALL"] },
      });
      expect(Object.keys(one.resources?.limits ?? {}), one.name).toEqual(["cpu", "memory"]);
    }
    expect(container("airflow").readinessProbe?.httpGet?.path).toBe("/api/v2/monitor/health");
    expect(container("scheduler").livenessProbe?.httpGet).toEqual({ path: "/health", port: 8974 });
    expect(container("dag-processor").livenessProbe?.exec?.command).toEqual([
      "python3",
      "/opt/airflow/dag_processor_works.py",
    ]);
  });

  it("reaches its database, its logs and its own API, each with keys out of Secrets", () => {
    for (const name of ["migration", "airflow", "scheduler", "dag-processor"]) {
      const variables = container(name).env ?? [];
      const plain = Object.fromEntries(variables.map((one) => [one.name, one.value]));
      expect(plain, name).toMatchObject({
        AIRFLOW__DATABASE__SQL_ALCHEMY_CONN: "postgresql+psycopg://postgres:5432/airflow",
        AIRFLOW__CORE__EXECUTION_API_SERVER_URL: "http://localhost:8080/execution/",
        AIRFLOW__LOGGING__REMOTE_BASE_LOG_FOLDER: "s3://airflow/logs",
        AWS_ENDPOINT_URL_S3: "http://minio:9000",
      });
      const secret = Object.fromEntries(
        variables.map(({ name: variable, valueFrom }) => {
          const { name: from, key } = valueFrom?.secretKeyRef ?? {};
          return [variable, `${from ?? ""}/${key ?? ""}`];
        }),
      );
      expect(secret, name).toMatchObject({
        PGUSER: "postgres-airflow/username",
        PGPASSWORD: "postgres-airflow/password",
        AWS_ACCESS_KEY_ID: "minio-airflow/access-key",
        AWS_SECRET_ACCESS_KEY: "minio-airflow/secret-key",
        AIRFLOW__CORE__FERNET_KEY: "airflow-keys/fernet-key",
        AIRFLOW__API_AUTH__JWT_SECRET: "airflow-keys/jwt-secret",
        AIRFLOW__API__SECRET_KEY: "airflow-keys/secret-key",
      });
    }
  });

  it("shows the password to the API server alone, and lets the scheduler alone start pods", () => {
    expect(mounts("airflow")).toEqual(["tmp", "home", "admitted", "admin"]);
    expect(mounts("scheduler")).toEqual(["tmp", "home", "flows", "token"]);
    expect(mounts("dag-processor")).toEqual(["tmp", "home", "flows"]);
    expect(pod.automountServiceAccountToken).toBe(false);
    expect(pod.serviceAccountName).toBe("airflow");
    const names = pod.volumes?.map(({ name }) => name) ?? [];
    expect(names.toSorted()).toEqual(["admin", "admitted", "flows", "home", "tmp", "token"]);
    expect(pod.volumes?.find(({ name }) => name === "admin")?.secret?.secretName).toBe(
      "airflow-user",
    );
  });

  it("may start, follow and remove pods of its namespace, and nothing else", () => {
    const role = recording.find("kubernetes:rbac.authorization.k8s.io/v1:Role", "airflow");
    const rules = (role.inputs as unknown as V1Role).rules?.flatMap(({ resources, verbs }) =>
      (resources ?? []).map((resource) => [resource, verbs] as const),
    );
    expect(rules).toEqual([
      ["pods", ["create", "delete", "get", "list", "patch", "watch"]],
      ["pods/log", ["get"]],
      ["events", ["list", "watch"]],
    ]);
    const { inputs } = recording.find(
      "kubernetes:rbac.authorization.k8s.io/v1:RoleBinding",
      "airflow",
    );
    expect(inputs as unknown as V1RoleBinding).toMatchObject({
      roleRef: { kind: "Role", name: "airflow" },
      subjects: [{ kind: "ServiceAccount", name: "airflow", namespace: "lakehouse" }],
    });
  });

  it("hands the DAGs the pods that they start, and when", () => {
    const { inputs } = recording.find("kubernetes:core/v1:ConfigMap", "airflow-flows");
    const { data } = inputs as V1ConfigMap;
    expect(Object.keys(data ?? {}).toSorted()).toEqual(["testing.json", "training.json"]);
    const training = JSON.parse(data?.["training.json"] ?? "") as unknown;
    expect(training).toMatchObject({
      schedule: "*/5 * * * *",
      pod: {
        apiVersion: "v1",
        kind: "Pod",
        metadata: {
          namespace: "lakehouse",
          labels: { "app.kubernetes.io/name": "replay-training" },
        },
        spec: {
          restartPolicy: "Never",
          securityContext: { runAsNonRoot: true },
          containers: [
            {
              name: "replay-training",
              args: ["/app/replay.mjs", "--flow", "training"],
              env: [
                { name: "S3_ENDPOINT", value: "http://minio:9000" },
                {
                  name: "AWS_ACCESS_KEY_ID",
                  valueFrom: { secretKeyRef: { name: "minio-copier", key: "access-key" } },
                },
              ],
            },
          ],
        },
      },
    });
    expect(JSON.parse(data?.["testing.json"] ?? "")).toMatchObject({ schedule: null });
    expect(pod.volumes?.find(({ name }) => name === "flows")?.configMap?.name).toBe(
      "airflow-flows-1a2b3c",
    );
  });

  it("has generated keys of the right form and a generated password", () => {
    const secret = (name: string) =>
      (recording.find("kubernetes:core/v1:Secret", name).inputs as V1Secret).stringData ?? {};
    expect(secret("airflow-user")).toEqual({
      username: "lakehouse",
      password: "secret of airflow-user",
    });
    const { "fernet-key": fernet = "", ...others } = secret("airflow-keys");
    expect(Buffer.from(fernet, "base64").toString()).toBe("secret of airflow-keys-fernet");
    expect(others).toEqual({
      "jwt-secret": "secret of airflow-keys-jwt",
      "secret-key": "secret of airflow-keys-session",
    });
    const lengths = recording
      .all("random:index/randomPassword:RandomPassword")
      .map(({ name, inputs }) => [name, inputs["length"]]);
    expect(Object.fromEntries(lengths)).toEqual({
      "airflow-keys-fernet": 32,
      "airflow-keys-jwt": 64,
      "airflow-keys-session": 32,
      "airflow-user": 32,
    });
  });

  it("is reached at its NodePort", () => {
    const { inputs } = recording.find("kubernetes:core/v1:Service", "airflow");
    expect((inputs as unknown as V1Service).spec?.ports).toEqual([
      { name: "http", port: 8080, nodePort: 30088 },
    ]);
  });
});
