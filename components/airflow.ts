import { apps, core, rbac } from "@pulumi/kubernetes";
import {
  ComponentResource,
  type ComponentResourceOptions,
  type Input,
  jsonStringify,
  type Output,
  type Resource,
} from "@pulumi/pulumi";

import { airflowPod } from "./airflow-pod.ts";
import { partUser, randomPassword } from "./helpers/credentials.ts";
import { labels, podTemplate, service } from "./helpers/pod.ts";
import type { ObjectStorageConnection } from "./minio.ts";
import type { DatabaseConnection } from "./postgres.ts";
import type { ScheduledPod } from "./replay.ts";

export interface AirflowArgs {
  readonly namespace: Input<string>;
  readonly image: string;
  readonly nodePort: number;
  /** Where it keeps DAGs, runs and their states. */
  readonly database: DatabaseConnection;
  /** A user that can write the bucket `airflow`, for the logs of tasks. */
  readonly objectStorage: ObjectStorageConnection;
  /** What the DAGs of k8s-jobs/airflow-dags run: the DAG `replay_<flow>` runs the pod of its flow. */
  readonly flows: Readonly<Record<string, ScheduledPod>>;
}

/** Apache Airflow in one pod. Its DAGs do their work in pods of their own, which it starts. */
export class Airflow extends ComponentResource {
  constructor(name: string, args: AirflowArgs, opts?: ComponentResourceOptions) {
    super("lakehouse:apps:Airflow", name, {}, opts);
    const { namespace } = args;
    const admin = partUser(name, namespace, this);
    const keys = createKeys(`${name}-keys`, namespace, this);
    const flows = createFlows(`${name}-flows`, args, this);
    const account = createAccount(name, namespace, this);
    new core.v1.Service(
      name,
      service(namespace, name, {
        type: "NodePort",
        selector: labels(name),
        ports: [{ name: "http", port: 8080, nodePort: args.nodePort }],
      }),
      { parent: this },
    );
    new apps.v1.Deployment(
      name,
      {
        metadata: { name, namespace, labels: labels(name) },
        spec: {
          selector: { matchLabels: labels(name) },
          // A second one beside the first would take as much memory again.
          strategy: { type: "Recreate" },
          template: podTemplate(
            name,
            airflowPod({ ...args, admin: admin.secret, keys, flows, account }),
          ),
        },
      },
      { parent: this, customTimeouts: { create: "15m", update: "15m" } },
    );
    this.registerOutputs();
  }
}

/** The keys with which it encrypts connections, and signs tokens and sessions, as a Secret. */
function createKeys(name: string, namespace: Input<string>, parent: Resource): Output<string> {
  const secret = (key: string, length?: number) => randomPassword(`${name}-${key}`, parent, length);
  return new core.v1.Secret(
    name,
    {
      metadata: { name, namespace },
      stringData: {
        // Fernet wants 32 bytes in Base64.
        "fernet-key": secret("fernet").apply((text) => Buffer.from(text).toString("base64")),
        // As long as the hash that it signs with.
        "jwt-secret": secret("jwt", 64),
        "secret-key": secret("session"),
      },
    },
    { parent },
  ).metadata.name;
}

/** What the DAGs read: a file for each flow, with its schedule and its pod. */
function createFlows(
  name: string,
  { namespace, flows }: AirflowArgs,
  parent: Resource,
): Output<string> {
  const data = Object.entries(flows).map(([flow, { schedule, template }]) => {
    const { metadata, spec } = template as { metadata: object; spec: object };
    const pod = { apiVersion: "v1", kind: "Pod", metadata: { ...metadata, namespace }, spec };
    return [`${flow}.json`, jsonStringify({ schedule: schedule ?? null, pod })] as const;
  });
  return new core.v1.ConfigMap(
    name,
    { metadata: { namespace, labels: labels(name) }, data: Object.fromEntries(data) },
    { parent },
  ).metadata.name;
}

/** An account that may start pods in the namespace, follow them and remove them. */
function createAccount(name: string, namespace: Input<string>, parent: Resource): Output<string> {
  const metadata = { name, namespace, labels: labels(name) };
  const account = new core.v1.ServiceAccount(name, { metadata }, { parent });
  const role = new rbac.v1.Role(
    name,
    {
      metadata,
      rules: [
        {
          apiGroups: [""],
          resources: ["pods"],
          verbs: ["create", "delete", "get", "list", "patch", "watch"],
        },
        { apiGroups: [""], resources: ["pods/log"], verbs: ["get"] },
        { apiGroups: [""], resources: ["events"], verbs: ["list", "watch"] },
      ],
    },
    { parent },
  );
  const binding = new rbac.v1.RoleBinding(
    name,
    {
      metadata,
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name: role.metadata.name },
      subjects: [{ kind: "ServiceAccount", name: account.metadata.name, namespace }],
    },
    { parent },
  );
  // Known once it has its rights.
  return binding.subjects.apply(() => name);
}
