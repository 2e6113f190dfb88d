import { Kafka, logLevel } from "kafkajs";
import type { Admin, KafkaConfig } from "kafkajs";
import { explainKafkaError } from "./errors.ts";

/**
 * One admin client for all resources, connected at its first use. A failed connection is not kept:
 * the next operation tries anew.
 */
export class KafkaConnection {
  /** Longest time of a request, in milliseconds. */
  readonly timeoutMs: number;
  private readonly kafka: Kafka;
  private readonly servers: readonly string[];
  private connected: Promise<Admin> | undefined;

  constructor(
    options: KafkaConfig & { readonly brokers: string[]; readonly requestTimeout: number },
  ) {
    this.servers = options.brokers;
    this.timeoutMs = options.requestTimeout;
    // The client's log would go to stdout, which belongs to the plugin protocol.
    this.kafka = new Kafka({ ...options, logLevel: logLevel.NOTHING });
  }

  /** Runs an action; whatever fails says what, where and the cure. */
  async use<Result>(action: (admin: Admin) => Promise<Result>): Promise<Result> {
    try {
      this.connected ??= connect(this.kafka.admin());
      return await action(await this.connected);
    } catch (error) {
      if (isConnectionLost(error)) this.connected = undefined;
      throw explainKafkaError(error, this.servers);
    }
  }

  /**
   * Runs an action with a client of its own. Reading offsets makes the client follow the topic for
   * good, and one that follows a topic fails once that topic is deleted.
   */
  async useOnce<Result>(action: (admin: Admin) => Promise<Result>): Promise<Result> {
    const admin = this.kafka.admin();
    try {
      await admin.connect();
      return await action(admin);
    } catch (error) {
      throw explainKafkaError(error, this.servers);
    } finally {
      await admin.disconnect();
    }
  }

  async close(): Promise<void> {
    const admin = await this.connected?.catch(() => undefined);
    this.connected = undefined;
    await admin?.disconnect();
  }
}

async function connect(admin: Admin): Promise<Admin> {
  await admin.connect();
  return admin;
}

function isConnectionLost(error: unknown): boolean {
  return (
    error instanceof Error &&
    (error.name.startsWith("KafkaJSConnection") || error.name === "KafkaJSNumberOfRetriesExceeded")
  );
}
