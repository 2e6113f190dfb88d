import { connect } from "node:net";

import { output, RunError, runtime, type Input, type Output } from "@pulumi/pulumi";
import pRetry from "p-retry";

/** The first exchange of a protocol. */
export interface Greeting {
  /** The server's name in messages. */
  readonly server: string;
  /** What a client says first. It must not change anything. */
  readonly hello: Uint8Array;
  /** Whether the first bytes that come back are those of a server that can work. */
  readonly isWelcome: (reply: Buffer) => boolean;
}

/** Kafka: ask which versions of its protocol it speaks. */
export const kafkaGreeting: Greeting = {
  server: "Kafka",
  // Length 10, ApiVersions (18) version 0, correlation 1, no client id.
  hello: Buffer.from("0000000a" + "0012" + "0000" + "00000001" + "ffff", "hex"),
  // Length, the same correlation, no error.
  isWelcome: (reply) => reply.subarray(4, 10).toString("hex") === "000000010000",
};

/** Postgres: ask whether it would encrypt; it says yes (S) or no (N). */
export const postgresGreeting: Greeting = {
  server: "Postgres",
  hello: Buffer.from("00000008" + "04d2162f", "hex"),
  isWelcome: (reply) => /^[SN]/.test(reply.toString("latin1")),
};

/** HTTP: ask for a page that is there once the server is ready. */
export function httpGreeting(server: string, path: string): Greeting {
  return {
    server,
    hello: Buffer.from(`GET ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`),
    isWelcome: (reply) => reply.toString("latin1").startsWith("HTTP/1.1 200 "),
  };
}

/**
 * `localhost:port`, known once the server really answers there. "Ready" in the cluster does not
 * mean so: the NodePort follows a moment later, and in front of it a port mapping that takes every
 * connection whether there is a server behind or not. A provider that finds nothing may not try
 * again (https://github.com/Mongey/terraform-provider-kafka keeps its first error for good).
 *
 * A preview does not wait, since the server may not exist yet.
 * @param workload id of the server's workload, which is known once it is ready.
 * @param timeoutSeconds @default 120
 */
export function reachable(
  workload: Input<string>,
  port: number,
  greeting: Greeting,
  timeoutSeconds = 120,
): Output<string> {
  const address = `localhost:${port}`;
  if (runtime.isDryRun()) return output(address);
  return output(workload).apply(async () => {
    await greet(port, greeting, timeoutSeconds * 1000);
    return address;
  });
}

/** @throws RunError when there is no right answer within `timeout` milliseconds. */
export async function greet(port: number, greeting: Greeting, timeout: number): Promise<void> {
  try {
    await pRetry(() => exchange(port, greeting), {
      retries: Number.POSITIVE_INFINITY,
      factor: 1,
      minTimeout: 200,
      maxRetryTime: timeout,
    });
  } catch (error) {
    throw new RunError(
      `${greeting.server} is ready in the cluster but does not answer at localhost:${port} ` +
        `within ${timeout / 1000} s (${(error as Error).message}). The cluster must map this ` +
        `port to its NodePort: \`npm run up\` makes a kind cluster that does. In a cloud it must be ` +
        `forwarded (docs/cloud.md).`,
    );
  }
}

function exchange(port: number, { hello, isWelcome }: Greeting): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: "localhost", port });
    const fail = (reason: string) => {
      socket.destroy();
      reject(new Error(reason));
    };
    socket.setTimeout(2000, () => {
      fail("no answer");
    });
    socket.once("connect", () => socket.write(hello));
    socket.once("data", (reply) => {
      if (!isWelcome(reply)) {
        fail("not the expected answer");
        return;
      }
      socket.destroy();
      resolve();
    });
    socket.once("error", ({ message }) => {
      fail(message);
    });
    socket.once("close", () => {
      fail("connection closed");
    });
  });
}
