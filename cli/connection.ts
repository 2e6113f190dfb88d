import { connect, type FlightClient } from "../apps/query/client/flight-client.ts";
import { nodePorts } from "../components/ports.ts";
import type { ObjectStoreAccess } from "../k8s-jobs/replay/object-store.ts";
import { clusterForStack, requireDeployment } from "./deployment.ts";
import { UserError } from "./errors.ts";
import { readLogin, readSecret } from "./workloads.ts";

/** The Secret with the query engine's user. */
const querySecret = "query-user";
/** The Secret with the dashboard's user; there is none if everybody may look. */
const dashboardSecret = "dashboard-user";
/** The Secret with the keys of who may write the bucket `storage`. */
const loaderSecret = "minio-loader";

/** How a deployed stack is reached from this machine. */
export interface Connection {
  readonly kubeconfig: string;
  readonly kafka: { readonly brokers: readonly string[] };
  /** Connects when first used; close it, or the process stays alive. */
  readonly flight: FlightClient;
}

/** How the dashboard of a deployed stack is asked from this machine. */
export interface DashboardConnection {
  /** Without a slash at its end. */
  readonly url: string;
  /** What lets a program in. */
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * Finds a deployed stack and the credentials of its query engine.
 * @throws UserError if the stack is not deployed or its cluster does not answer.
 */
export async function connection(stack: string): Promise<Connection> {
  const { kubeconfig, address } = await reach(stack);
  const login = await readLogin(kubeconfig, querySecret);
  if (login === null) throw notDeployed(stack, querySecret);
  return {
    kubeconfig,
    kafka: { brokers: [address(nodePorts.kafka)] },
    flight: connect({ address: address(nodePorts.query), ...login }),
  };
}

/**
 * Finds the dashboard of a deployed stack and its credentials.
 * @throws UserError if the stack is not deployed or its cluster does not answer.
 */
export async function dashboardConnection(stack: string): Promise<DashboardConnection> {
  const { kubeconfig, address } = await reach(stack);
  const login = await readLogin(kubeconfig, dashboardSecret);
  const basic = login && Buffer.from(`${login.username}:${login.password}`).toString("base64");
  return {
    url: `http://${address(nodePorts.dashboard)}`,
    headers: basic === null ? {} : { authorization: `Basic ${basic}` },
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
  const { kubeconfig, address } = await reach(stack);
  const secret = await readSecret(kubeconfig, loaderSecret);
  if (secret === null) throw notDeployed(stack, loaderSecret);
  return {
    kubeconfig,
    storage: {
      endpoint: `http://${address(nodePorts.minio)}`,
      accessKey: secret("access-key"),
      secretKey: secret("secret-key"),
    },
  };
}

function notDeployed(stack: string, secret: string): UserError {
  const up = stack === "dev" ? "npm run up" : `npm run up -- --stack ${stack}`;
  return new UserError(
    `The stack "${stack}" is not wholly deployed: there is no Secret ${secret}`,
    {
      cure: `Run \`${up}\`.`,
    },
  );
}

async function reach(stack: string) {
  const { cluster: kind, kubeconfig } = await requireDeployment(stack);
  const cluster = await clusterForStack(stack, kind);
  const address = (nodePort: number): string => `localhost:${cluster.hostPort(nodePort)}`;
  return { kubeconfig, address };
}
