import { apiextensions, core } from "@pulumi/kubernetes";
import {
  ComponentResource,
  type ComponentResourceOptions,
  type Input,
  type Output,
} from "@pulumi/pulumi";

import {
  containerSecurityContext,
  cpuLimit,
  environment,
  podSecurityContext,
  type SecretKey,
  service,
  sparkUser,
} from "./helpers/pod.ts";
import type { MilliCpu } from "./helpers/quantity.ts";
import { versions } from "./versions.ts";

/** Size of a driver or executor. */
export interface SparkPodSize {
  /** Tasks that it runs at a time. */
  readonly cores: number;
  /** CPU time that is set aside for it. */
  readonly cpu: MilliCpu;
  /** Heap of its JVM, in MiB. */
  readonly heapMiB: number;
  /** Memory beyond the heap, in MiB: the JVM's own, buffers outside of the heap, Python. */
  readonly overheadMiB: number;
  /** Cores that it may use when they are free. @default cpuLimit */
  readonly cpuLimit?: string;
}

export interface SparkApplicationArgs {
  readonly namespace: Input<string>;
  readonly image: string;
  /** Account of the driver; it is known once the operator is ready. */
  readonly serviceAccount: Input<string>;
  /** Path of the Python program in the image. */
  readonly program: string;
  /** Environment of driver and executors. */
  readonly env: Readonly<Record<string, Input<string>>>;
  readonly secretEnv: Readonly<Record<string, SecretKey>>;
  readonly driver: SparkPodSize;
  /**
   * @default none: the program itself sets the master `local`, which wins over what the operator
   * submits it with, and does all work in its driver.
   */
  readonly executor?: SparkPodSize;
  /** Executors that Spark may ask for while tasks wait. @default 1, of which there always is one */
  readonly maxExecutors?: number;
  /** NodePort of the driver's UI. @default none, the UI is reached inside of the cluster alone */
  readonly uiNodePort?: number;
}

/** A Python program that runs on Spark without end, known as running once its driver runs. */
export class SparkApplication extends ComponentResource {
  /** Name of the application once it runs. */
  readonly running: Output<string>;
  /** Base address of the driver's UI inside the cluster. */
  readonly ui: string;

  constructor(name: string, args: SparkApplicationArgs, opts?: ComponentResourceOptions) {
    super("lakehouse:streaming:SparkApplication", name, {}, opts);
    const { uiNodePort: nodePort, maxExecutors = 1 } = args;
    this.ui = `http://${name}-ui:4040`;
    new core.v1.Service(
      `${name}-ui`,
      service(args.namespace, `${name}-ui`, {
        type: nodePort === undefined ? "ClusterIP" : "NodePort",
        selector: { "sparkoperator.k8s.io/app-name": name, "spark-role": "driver" },
        ports: [{ name: "ui", port: 4040, ...(nodePort !== undefined && { nodePort }) }],
      }),
      { parent: this },
    );
    const application = new apiextensions.CustomResource(
      name,
      {
        apiVersion: "sparkoperator.k8s.io/v1beta2",
        kind: "SparkApplication",
        metadata: {
          name,
          namespace: args.namespace,
          annotations: {
            "pulumi.com/waitFor": "jsonpath={.status.applicationState.state}=RUNNING",
          },
        },
        spec: {
          type: "Python",
          pythonVersion: "3",
          mode: "cluster",
          sparkVersion: versions.spark,
          image: args.image,
          imagePullPolicy: "IfNotPresent",
          mainApplicationFile: `local://${args.program}`,
          sparkConf: {
            // Executors are asked for as soon as the driver is up, not at the next full second.
            "spark.kubernetes.allocation.batch.delay": "200ms",
          },
          // The operator waits for this time times the number of attempts.
          restartPolicy: {
            type: "Always",
            onFailureRetryInterval: 1,
            onSubmissionFailureRetryInterval: 2,
          },
          ...(maxExecutors > 1 && { dynamicAllocation: upTo(maxExecutors) }),
          driver: {
            ...podSize(args.driver),
            serviceAccount: args.serviceAccount,
            template: podTemplate("spark-kubernetes-driver", args, {
              automountServiceAccountToken: true,
            }),
          },
          executor: args.executor === undefined ? {} : executorSpec(args, args.executor),
        },
      },
      { parent: this, customTimeouts: { create: "10m", update: "10m" } },
    );
    this.running = application.metadata.name;
    this.registerOutputs({ running: this.running });
  }
}

function executorSpec(args: SparkApplicationArgs, size: SparkPodSize) {
  return {
    ...podSize(size),
    instances: 1,
    template: podTemplate("spark-kubernetes-executor", args, {
      automountServiceAccountToken: false,
    }),
  };
}

/** Executors by need, and one while there is none. */
function upTo(maxExecutors: number) {
  return { enabled: true, initialExecutors: 1, minExecutors: 1, maxExecutors };
}

/** Spark sets memory requests and limits alike: the heap and what is beyond it. */
function podSize({ cores, cpu, heapMiB, overheadMiB, cpuLimit: limit }: SparkPodSize) {
  return {
    cores,
    coreRequest: cpu,
    coreLimit: limit ?? cpuLimit,
    memory: `${heapMiB}m`,
    memoryOverhead: `${overheadMiB}m`,
  };
}

/**
 * What Spark builds a pod upon. Given as a template, it holds for executors even while the
 * operator's webhook is away.
 */
function podTemplate(
  container: string,
  { env, secretEnv }: SparkApplicationArgs,
  { automountServiceAccountToken }: { automountServiceAccountToken: boolean },
) {
  return {
    metadata: { labels: { "app.kubernetes.io/part-of": "lakehouse" } },
    spec: {
      automountServiceAccountToken,
      enableServiceLinks: false,
      securityContext: podSecurityContext(sparkUser),
      containers: [
        {
          name: container,
          env: environment(env, secretEnv),
          securityContext: containerSecurityContext,
          volumeMounts: [{ name: "tmp", mountPath: "/tmp" }],
        },
      ],
      volumes: [{ name: "tmp", emptyDir: {} }],
    },
  };
}
