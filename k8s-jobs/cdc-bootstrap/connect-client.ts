import { z } from "zod";

import { UserError } from "../../cli/errors.ts";
import { patiently, type Patience } from "../dremio-bootstrap/patience.ts";

/** How often a connector that fails is started again before it is given up. */
const mostRestarts = 3;
const requestTimeout = 30_000;

const part = z.object({ state: z.string(), trace: z.string().optional() });
const statusShape = z.object({ connector: part, tasks: z.array(part) });
const refusal = z.object({ message: z.string() });

/** Connect cannot be reached, or does not do its work at the moment. */
class NotThereError extends Error {
  override readonly name = "NotThereError";
}

/** The REST API of Kafka Connect. Each request waits while Connect is away or moves its work. */
export class ConnectClient {
  readonly #url: string;
  readonly #patience: Patience;

  constructor(url: string, patience: Patience) {
    this.#url = url;
    this.#patience = patience;
  }

  /**
   * Makes a connector, or changes one to this configuration.
   * @throws UserError with Connect's own words if it refuses the configuration.
   */
  async configure(name: string, config: Readonly<Record<string, string>>): Promise<void> {
    await this.#send("PUT", `/connectors/${name}/config`, config);
  }

  /**
   * Waits until a connector and all its tasks run; those that fail are started again.
   * @throws UserError with the trace if they fail again and again, or the time is over.
   */
  async waitUntilRunning(name: string): Promise<void> {
    let restarts = 0;
    await patiently(
      this.#patience,
      async () => {
        const answer = await this.#exchange("GET", `/connectors/${name}/status`);
        const { connector, tasks } = statusShape.parse(answer);
        const failed = [connector, ...tasks].find(({ state }) => state === "FAILED");
        if (failed !== undefined) {
          if (restarts === mostRestarts) throw failure(name, failed.trace);
          restarts++;
          await this.#exchange(
            "POST",
            `/connectors/${name}/restart?includeTasks=true&onlyFailed=true`,
          );
        }
        const states = [connector, ...tasks].map(({ state }) => state);
        if (tasks.length === 0 || states.some((state) => state !== "RUNNING")) {
          throw new NotThereError(`the connector ${name} is ${states.join(", its task ")}`);
        }
      },
      (error) => error instanceof NotThereError,
    );
  }

  #send(method: string, path: string, body: unknown): Promise<unknown> {
    return patiently(
      this.#patience,
      () => this.#exchange(method, path, body),
      (error) => error instanceof NotThereError,
    );
  }

  async #exchange(method: string, path: string, body?: unknown): Promise<unknown> {
    const { status, text } = await this.#fetch(method, path, body);
    if (status < 300) return parsed(text);
    const said = refusal.safeParse(parsed(text));
    const reason = `Kafka Connect answers ${status} to ${method} ${path}: ${said.data?.message ?? text}`;
    // 404: a connector that was just made has no status yet. 409: the work is being shared out.
    if (status === 404 || status === 409 || status >= 500) throw new NotThereError(reason);
    throw new UserError(reason, {
      cure: "Correct k8s-jobs/cdc-bootstrap/connector.ts, or what it names, and run it again.",
    });
  }

  async #fetch(
    method: string,
    path: string,
    body: unknown,
  ): Promise<{ status: number; text: string }> {
    try {
      const response = await fetch(new URL(path, this.#url), {
        method,
        headers: { "content-type": "application/json" },
        ...(body !== undefined && { body: JSON.stringify(body) }),
        signal: AbortSignal.timeout(requestTimeout),
      });
      return { status: response.status, text: await response.text() };
    } catch (error) {
      const { message, cause } = error as Error;
      const reason = cause instanceof Error ? cause.message : message;
      throw new NotThereError(`Kafka Connect at ${this.#url} does not answer: ${reason}`, {
        cause: error,
      });
    }
  }
}

function failure(name: string, trace = "it does not say why"): UserError {
  return new UserError(`The connector ${name} fails again and again: ${trace.trim()}`, {
    cure: "Mend what the trace tells of; `npm run logs kafka-connect` has what came before it.",
  });
}

/** The JSON, or undefined if it is none. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
