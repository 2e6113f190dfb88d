import { ClientOfflineError, createClient } from "@redis/client";

export interface RedisOptions {
  /** `host:port` */
  readonly address: string;
  readonly username: string;
  readonly password: string;
  /** How long an answer may take, in ms. @default 1000 */
  readonly patience?: number;
}

/** Waiting times between two attempts to connect, in ms. */
const firstBackoff = 50;
const longestBackoff = 2_000;

type Client = ReturnType<typeof createRedisClient>;

/** No answer within the time limit. */
class NoAnswerError extends Error {
  override readonly name = "NoAnswerError";
}

/**
 * One connection to Redis, on which questions follow each other without waiting for the answers.
 * It is opened at once, and again whenever it was lost; until then every question fails at once.
 * Close it, or the process stays alive.
 */
export class Redis {
  readonly #options: RedisOptions;
  #client: Client;
  /** Why there is no connection. */
  #trouble: Error | undefined;

  constructor(options: RedisOptions) {
    this.#options = options;
    this.#client = this.#connect();
  }

  /**
   * Asks for a reply.
   * @throws Error that says why there is none: no connection, no answer in time, or Redis' refusal.
   */
  async ask<Reply>(question: (client: Client) => Promise<Reply>): Promise<Reply> {
    const client = this.#client;
    try {
      return await inTime(question(client), this.#options.patience ?? 1_000);
    } catch (error) {
      if (error instanceof ClientOfflineError) throw this.#trouble ?? error;
      // A connection whose other end vanished without a word would swallow every later question.
      if (error instanceof NoAnswerError && client === this.#client) {
        client.destroy();
        this.#client = this.#connect();
      }
      throw error;
    }
  }

  /** Ends the connection; open questions fail. */
  close(): void {
    this.#client.destroy();
  }

  #connect(): Client {
    const client = createRedisClient(this.#options);
    client.on("ready", () => {
      this.#trouble = undefined;
    });
    client.on("error", (error: Error) => {
      this.#trouble = error;
    });
    // It fails only when it is closed meanwhile.
    client.connect().catch(() => undefined);
    return client;
  }
}

function createRedisClient({ address, username, password }: RedisOptions) {
  const [host = "", port] = address.split(":");
  return createClient({
    username,
    password,
    socket: {
      host,
      port: Number(port),
      connectTimeout: 2_000,
      reconnectStrategy: (attempts) => Math.min(firstBackoff * 2 ** attempts, longestBackoff),
    },
    disableOfflineQueue: true,
    // Users that may do little must not say who they are, nor ask about maintenance in clouds.
    disableClientInfo: true,
    maintNotifications: "disabled",
  });
}

async function inTime<Answer>(answer: Promise<Answer>, patience: number): Promise<Answer> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      reject(new NoAnswerError(`no answer within ${patience} ms`));
    }, patience);
  });
  try {
    return await Promise.race([answer, limit]);
  } finally {
    clearTimeout(timer);
  }
}
