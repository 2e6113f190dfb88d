import { CoreV1Api, KubeConfig, type V1Secret } from "@kubernetes/client-node";

import { connect, type FlightClient } from "../apps/query/client/flight-client.ts";
import { nodePorts } from "../components/ports.ts";
import { clusterForStack, requireDeployment } from "./deployment.ts";
import { UserError } from "./errors.ts";
import { namespace } from "./workloads.ts";

/** A user and the generated password. */
export interface Login {
  readonly username: string;
  readonly password: string;
}

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
  const login = await readLogin(stack, kubeconfig, "query-user");
  return {
    kubeconfig,
    kafka: { brokers: [address(nodePorts.kafka)] },
    flight: connect({ address: address(nodePorts.query), ...login }),
  };
}

/** The dashboard's user, as it is if the stack's config asks for a password. */
export async function dashboardLogin(stack: string): Promise<Login> {
  const { kubeconfig } = await requireDeployment(stack);
  return readLogin(stack, kubeconfig, "dashboard-user");
}

/** Reads a Secret with the keys `username` and `password`. */
async function readLogin(stack: string, kubeconfig: string, name: string): Promise<Login> {
  const up = stack === "dev" ? "npm run up" : `npm run up -- --stack ${stack}`;
  try {
    const config = new KubeConfig();
    config.loadFromFile(kubeconfig);
    const secret = await config.makeApiClient(CoreV1Api).readNamespacedSecret({ namespace, name });
    return { username: entry(secret, "username"), password: entry(secret, "password") };
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
