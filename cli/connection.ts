import { CoreV1Api, KubeConfig, type V1Secret } from "@kubernetes/client-node";

import { connect, type FlightClient } from "../apps/query/client/flight-client.ts";
import { nodePorts } from "../components/ports.ts";
import type { ObjectStoreAccess } from "../k8s-jobs/replay/object-store.ts";
import { clusterForStack, requireDeployment } from "./deployment.ts";
import { UserError } from "./errors.ts";
import { namespace } from "./workloads.ts";

/** The Secret with the query engine's user. */
const querySecret = "query-user";
/** The Secret with the keys of who may write the bucket `storage`. */
const loaderSecret = "minio-loader";

/** How a deployed stack is reached from this machine. */
export interface Connection {
  readonly kubeconfig: string;
  readonly kafka: { readonly brokers: readonly string[] };
  /** Connects when first used; close it, or the process stays alive. */
  readonly flight: FlightClient;
}

/**
 * Finds a deployed stack and the credentials of its query engine.
 * @throws UserError if the stack is not deployed or its cluster does not answer.
 */
export async function connection(stack: string): Promise<Connection> {
  const { cluster: kind, kubeconfig } = await requireDeployment(stack);
  const cluster = await clusterForStack(stack, kind);
  const address = (nodePort: number) => `localhost:${cluster.hostPort(nodePort)}`;
  const secret = await readSecret(kubeconfig, stack, querySecret);
  return {
    kubeconfig,
    kafka: { brokers: [address(nodePorts.kafka)] },
    flight: connect({
      address: address(nodePorts.query),
      username: entry(secret, "username"),
      password: entry(secret, "password"),
    }),
  };
}

/** How the object store of a deployed stack is reached from this machine. */
export interface StorageConnection {
  readonly kubeconfig: string;
  /** As a user that may write the bucket `storage`. */
  readonly storage: ObjectStoreAccess;
}

/**
 * Finds the object store of a deployed stack, and the keys of its loader.
 * @throws UserError if the stack is not deployed or its cluster does not answer.
 */
export async function storageConnection(stack: string): Promise<StorageConnection> {
  const { cluster: kind, kubeconfig } = await requireDeployment(stack);
  const cluster = await clusterForStack(stack, kind);
  const secret = await readSecret(kubeconfig, stack, loaderSecret);
  return {
    kubeconfig,
    storage: {
      endpoint: `http://localhost:${cluster.hostPort(nodePorts.minio)}`,
      accessKey: entry(secret, "access-key"),
      secretKey: entry(secret, "secret-key"),
    },
  };
}

async function readSecret(kubeconfig: string, stack: string, name: string): Promise<V1Secret> {
  const up = stack === "dev" ? "npm run up" : `npm run up -- --stack ${stack}`;
  try {
    const config = new KubeConfig();
    config.loadFromFile(kubeconfig);
    return await config.makeApiClient(CoreV1Api).readNamespacedSecret({ namespace, name });
  } catch (cause) {
    const isMissing = (cause as { code?: number }).code === 404;
    throw new UserError(
      isMissing
        ? `The stack "${stack}" is not wholly deployed: there is no Secret ${name}`
        : `The cluster of the stack "${stack}" does not answer`,
      { cure: `Run \`${up}\`.`, cause },
    );
  }
}

function entry(secret: V1Secret, key: string): string {
  return Buffer.from(secret.data?.[key] ?? "", "base64").toString();
}
