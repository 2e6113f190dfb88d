import type { core, types } from "@pulumi/kubernetes";
import type { Input } from "@pulumi/pulumi";

import { type Probe, probes } from "./probes.ts";
import type { MilliCpu, Quantity } from "./quantity.ts";

type PodTemplate = types.input.core.v1.PodTemplateSpec;
type Container = types.input.core.v1.Container;
type EnvVar = types.input.core.v1.EnvVar;
type Volume = types.input.core.v1.Volume;

/** User and group of all images but Spark's. */
export const lakehouseUser = 10001;
/** User and group of Spark's images. */
export const sparkUser = 185;
/** User and group of Dremio's own image. */
export const dremioUser = 999;
/** User and group of Postgres' own image: initdb wants a user with a name. */
export const upstreamPostgresUser = 999;

/** What a container may use. */
export interface Resources {
  /** CPU time that is set aside for it. */
  readonly cpu: MilliCpu;
  /** Memory that is set aside for it. */
  readonly memory: Quantity;
  /** The container is killed if it uses more. */
  readonly memoryLimit: Quantity;
  /** Cores that it may use when they are free. @default cpuLimit */
  readonly cpuLimit?: string;
}

/** One entry of a Secret. */
export interface SecretKey {
  readonly secret: Input<string>;
  readonly key: string;
}

/** A ConfigMap or Secret as a folder of files, or what a client speaks for the pod's account with. */
export type Files = { readonly path: string } & (
  | { readonly configMap: Input<string> }
  | { readonly secret: Input<string> }
  | { readonly serviceAccountToken: true }
);

export interface ContainerArgs {
  readonly image: string;
  /** @default the image's own entrypoint */
  readonly command?: readonly string[];
  /** Folder that it is started in. @default the image's own */
  readonly workingDirectory?: string;
  readonly args?: readonly Input<string>[];
  readonly env?: Readonly<Record<string, Input<string>>>;
  readonly secretEnv?: Readonly<Record<string, SecretKey>>;
  /** Name and number of each port that is listened on. @default none */
  readonly ports?: Readonly<Record<string, number>>;
  /** @default none, as for a program that ends by itself */
  readonly probe?: Probe;
  readonly resources: Resources;
  /** Read-only folders, by the name of their volume. */
  readonly files?: Readonly<Record<string, Files>>;
  /** Where the volume of the claim `data` is mounted. */
  readonly dataPath?: string;
  /** Empty folders that the program writes, beside `/tmp`, by the name of their volume. */
  readonly scratch?: Readonly<Record<string, string>>;
}

/** The main container, which is called like the pod, and what concerns the pod as a whole. */
export interface PodArgs extends ContainerArgs {
  /** Containers that end before the others start, by name, in their order. @default none */
  readonly before?: Readonly<Record<string, ContainerArgs>>;
  /** Further containers by name. Volumes of the same name are shared. @default none */
  readonly beside?: Readonly<Record<string, ContainerArgs>>;
  /** Account of which containers get the token as files. @default Kubernetes' own, without rights */
  readonly serviceAccount?: Input<string>;
  /** User and group. @default lakehouseUser */
  readonly user?: number;
  /** Time to end in peace before it is killed. @default 30 */
  readonly gracePeriodSeconds?: number;
  /** @default Kubernetes' own, which is `Always`; a Job must have another. */
  readonly restartPolicy?: "Never" | "OnFailure";
}

/** Labels by which a Service and `npm run logs` find the pods of a component. */
export function labels(name: string) {
  return { "app.kubernetes.io/name": name, "app.kubernetes.io/part-of": "lakehouse" };
}

/** What the Pod Security standard `restricted` asks of a pod, for the given user and group. */
export function podSecurityContext(user: number) {
  return {
    runAsNonRoot: true,
    runAsUser: user,
    runAsGroup: user,
    fsGroup: user,
    seccompProfile: { type: "RuntimeDefault" },
  };
}

/** What the Pod Security standard `restricted` asks of a container, and a read-only file system. */
export const containerSecurityContext = {
  allowPrivilegeEscalation: false,
  readOnlyRootFilesystem: true,
  capabilities: { drop: ["ALL"] },
};

/** CPU is shared by need; a tight limit would only make JVMs start slowly on an idle machine. */
export const cpuLimit = "2";

/** Environment variables, those of Secrets by reference. */
export function environment(
  plain: PodArgs["env"] = {},
  secret: PodArgs["secretEnv"] = {},
): EnvVar[] {
  return [
    ...Object.entries(plain).map(([name, value]) => ({ name, value })),
    ...Object.entries(secret).map(([name, { secret: secretName, key }]) => ({
      name,
      valueFrom: { secretKeyRef: { name: secretName, key } },
    })),
  ];
}

/** A pod that keeps the floors all our workloads share. */
export function podTemplate(name: string, args: PodArgs): PodTemplate {
  const before = Object.entries(args.before ?? {});
  const containers = [[name, args] as const, ...Object.entries(args.beside ?? {})];
  return {
    metadata: { labels: labels(name) },
    spec: {
      automountServiceAccountToken: false,
      ...(args.serviceAccount && { serviceAccountName: args.serviceAccount }),
      // Kubernetes would otherwise set KAFKA_PORT, MINIO_PORT and their like, which these very
      // programs take for their own settings.
      enableServiceLinks: false,
      securityContext: podSecurityContext(args.user ?? lakehouseUser),
      terminationGracePeriodSeconds: args.gracePeriodSeconds ?? 30,
      ...(args.restartPolicy && { restartPolicy: args.restartPolicy }),
      ...(before.length > 0 && { initContainers: before.map(container) }),
      containers: containers.map(container),
      volumes: volumes([...before, ...containers].map(([, one]) => one)),
    },
  };
}

function container([name, args]: readonly [string, ContainerArgs]): Container {
  return {
    name,
    image: args.image,
    imagePullPolicy: "IfNotPresent",
    ...(args.command && { command: [...args.command] }),
    ...(args.workingDirectory !== undefined && { workingDir: args.workingDirectory }),
    ...(args.args && { args: [...args.args] }),
    env: environment(args.env, args.secretEnv),
    ports: Object.entries(args.ports ?? {}).map(([portName, containerPort]) => ({
      name: portName,
      containerPort,
    })),
    ...(args.probe && probes(args.probe)),
    resources: {
      requests: { cpu: args.resources.cpu, memory: args.resources.memory },
      limits: { cpu: args.resources.cpuLimit ?? cpuLimit, memory: args.resources.memoryLimit },
    },
    securityContext: containerSecurityContext,
    volumeMounts: [
      { name: "tmp", mountPath: "/tmp" },
      ...Object.entries(args.scratch ?? {}).map(([volume, mountPath]) => ({
        name: volume,
        mountPath,
      })),
      ...(args.dataPath === undefined ? [] : [{ name: "data", mountPath: args.dataPath }]),
      ...Object.entries(args.files ?? {}).map(([volume, { path }]) => ({
        name: volume,
        mountPath: path,
        readOnly: true,
      })),
    ],
  };
}

/** The volumes of some containers, each once. */
function volumes(containers: readonly ContainerArgs[]): Volume[] {
  const all: Volume[] = [
    { name: "tmp", emptyDir: {} },
    ...containers.flatMap(({ scratch = {} }) =>
      Object.keys(scratch).map((name) => ({ name, emptyDir: {} })),
    ),
    ...containers.flatMap(({ files = {} }) =>
      Object.entries(files).map(([name, source]) => ({ name, ...volumeSource(source) })),
    ),
  ];
  return [...new Map(all.map((volume) => [volume.name, volume])).values()];
}

function volumeSource(files: Files): Omit<Volume, "name"> {
  if ("configMap" in files) return { configMap: { name: files.configMap } };
  if ("secret" in files) return { secret: { secretName: files.secret, defaultMode: 0o440 } };
  // What Kubernetes would mount into every container by itself.
  return {
    projected: {
      sources: [
        { serviceAccountToken: { path: "token", expirationSeconds: 3607 } },
        { configMap: { name: "kube-root-ca.crt", items: [{ key: "ca.crt", path: "ca.crt" }] } },
        {
          downwardAPI: {
            items: [{ path: "namespace", fieldRef: { fieldPath: "metadata.namespace" } }],
          },
        },
      ],
    },
  };
}

/** The claim behind `dataPath`, for a StatefulSet. */
export function dataClaim(storage: Quantity): types.input.core.v1.PersistentVolumeClaim {
  return {
    metadata: { name: "data" },
    spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage } } },
  };
}

/**
 * A Service that is not awaited: the workload behind it is, and waiting for the endpoints to settle
 * as well would hold up what comes next by ten seconds.
 */
export function service(
  namespace: Input<string>,
  name: string,
  spec: types.input.core.v1.ServiceSpec,
): core.v1.ServiceArgs {
  return {
    metadata: {
      name,
      namespace,
      labels: labels(name),
      annotations: { "pulumi.com/skipAwait": "true" },
    },
    spec,
  };
}
