import { type Input, interpolate } from "@pulumi/pulumi";

import type { ContainerArgs, PodArgs, SecretKey } from "./helpers/pod.ts";
import type { ObjectStorageConnection } from "./minio.ts";
import type { DatabaseConnection } from "./postgres.ts";

export interface AirflowPodArgs {
  readonly image: string;
  readonly database: DatabaseConnection;
  readonly objectStorage: ObjectStorageConnection;
  /** Secret with `username` and `password` of the one who may sign in. */
  readonly admin: Input<string>;
  /** Secret with `fernet-key`, `jwt-secret` and `secret-key`. */
  readonly keys: Input<string>;
  /** ConfigMap that the DAGs read. */
  readonly flows: Input<string>;
  /** Service account that may start pods. */
  readonly account: Input<string>;
}

/** The programs that Airflow consists of, as containers of one pod. */
export function airflowPod(args: AirflowPodArgs): PodArgs {
  const common = {
    image: args.image,
    env: environment(args),
    secretEnv: secretEnvironment(args),
    // Configuration, and logs until their task ends: the API server shows those of the scheduler.
    scratch: { home: "/var/lib/airflow" },
  };
  return {
    ...apiServer(common, args.admin),
    before: { migration: migration(common) },
    beside: {
      scheduler: scheduler(common, args.flows),
      "dag-processor": dagProcessor(common, args.flows),
    },
    serviceAccount: args.account,
    gracePeriodSeconds: 60,
  };
}

/** What all of them are told. */
type Common = Pick<ContainerArgs, "image" | "env" | "secretEnv" | "scratch">;

const flowsFolder = "/etc/lakehouse/flows";

/** Makes the tables, or brings those of an older version up to date. */
function migration(common: Common): ContainerArgs {
  return {
    ...common,
    args: ["db", "migrate"],
    resources: { cpu: "20m", memory: "192Mi", memoryLimit: "448Mi" },
  };
}

/** The web page with its REST API, which is also what tasks report to. */
function apiServer(common: Common, admin: Input<string>): ContainerArgs {
  return {
    ...common,
    args: ["api-server"],
    env: { ...common.env, ADMIN_FOLDER: "/run/secrets/admin" },
    // The file with the password, which tasks are not to see.
    scratch: { ...common.scratch, admitted: "/run/airflow" },
    ports: { http: 8080 },
    probe: {
      port: 8080,
      ready: "/api/v2/monitor/health",
      live: "/api/v2/version",
      startSeconds: 300,
    },
    resources: { cpu: "10m", memory: "320Mi", memoryLimit: "512Mi" },
    files: { admin: { path: "/run/secrets/admin", secret: admin } },
  };
}

/** Starts what is due. A task is a process of its own here, which starts a pod and follows it. */
function scheduler(common: Common, flows: Input<string>): ContainerArgs {
  return {
    ...common,
    // Logs are read from the folder that all share.
    args: ["scheduler", "--skip-serve-logs"],
    ports: { health: 8974 },
    probe: { port: 8974, ready: "/health", startSeconds: 300 },
    // 300Mi at rest; the rest is for two tasks.
    resources: { cpu: "20m", memory: "320Mi", memoryLimit: "768Mi" },
    files: {
      flows: { path: flowsFolder, configMap: flows },
      // Where clients of Kubernetes look for it. Nobody else in the pod may start pods.
      token: { path: "/var/run/secrets/kubernetes.io/serviceaccount", serviceAccountToken: true },
    },
  };
}

/** Reads the DAGs' files. */
function dagProcessor(common: Common, flows: Input<string>): ContainerArgs {
  return {
    ...common,
    args: ["dag-processor"],
    probe: { command: ["python3", "/opt/airflow/dag_processor_works.py"] },
    resources: { cpu: "10m", memory: "256Mi", memoryLimit: "448Mi" },
    files: { flows: { path: flowsFolder, configMap: flows } },
  };
}

/** https://airflow.apache.org/docs/apache-airflow/stable/configurations-ref.html */
function environment({ database, objectStorage }: AirflowPodArgs): Record<string, Input<string>> {
  // User and password come from the variables that every client of Postgres knows.
  const connection = interpolate`postgresql+psycopg://${database.address}/${database.database}`;
  return {
    AIRFLOW__DATABASE__SQL_ALCHEMY_CONN: connection,
    AIRFLOW__DATABASE__SQL_ALCHEMY_CONN_ASYNC: connection,
    // Of each of its processes, twice. Postgres has 50 connections, and others need them too.
    AIRFLOW__DATABASE__SQL_ALCHEMY_POOL_SIZE: "2",
    AIRFLOW__DATABASE__SQL_ALCHEMY_MAX_OVERFLOW: "3",
    AIRFLOW__CORE__EXECUTION_API_SERVER_URL: "http://localhost:8080/execution/",
    // Tasks at a time, each a process that waits all the while.
    AIRFLOW__CORE__PARALLELISM: "2",
    AIRFLOW__SCHEDULER__ENABLE_HEALTH_CHECK: "true",
    // The files are those of the image.
    AIRFLOW__DAG_PROCESSOR__PARSING_PROCESSES: "1",
    AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL: "300",
    AIRFLOW__LOGGING__REMOTE_LOGGING: "true",
    AIRFLOW__LOGGING__REMOTE_BASE_LOG_FOLDER: "s3://airflow/logs",
    AIRFLOW__LOGGING__DELETE_LOCAL_LOGS: "true",
    AWS_ENDPOINT_URL_S3: objectStorage.endpoint,
    // Any region will do for MinIO, but the S3 client insists on one.
    AWS_DEFAULT_REGION: "us-east-1",
  };
}

function secretEnvironment({
  database,
  objectStorage,
  keys,
}: AirflowPodArgs): Record<string, SecretKey> {
  return {
    PGUSER: { secret: database.credentialsSecret, key: "username" },
    PGPASSWORD: { secret: database.credentialsSecret, key: "password" },
    AWS_ACCESS_KEY_ID: { secret: objectStorage.credentialsSecret, key: "access-key" },
    AWS_SECRET_ACCESS_KEY: { secret: objectStorage.credentialsSecret, key: "secret-key" },
    AIRFLOW__CORE__FERNET_KEY: { secret: keys, key: "fernet-key" },
    AIRFLOW__API_AUTH__JWT_SECRET: { secret: keys, key: "jwt-secret" },
    AIRFLOW__API__SECRET_KEY: { secret: keys, key: "secret-key" },
  };
}
