import pRetry from "p-retry";
import { Client } from "pg";
import type { QueryResultRow } from "pg";
import type { PostgresConnectionOptions } from "./config.ts";
import { explainPostgresError, isNotReady } from "./errors.ts";

/** What runs inside one connection. */
export interface Session {
  query<Row extends QueryResultRow>(sql: string, values?: readonly unknown[]): Promise<Row[]>;
}

/**
 * Opens a connection for each task and closes it after: an open one would keep a database from being
 * dropped or renamed. Changes run one after the other, as Postgres fails concurrent ones of the same
 * role or catalog row ("tuple concurrently updated").
 */
export class PostgresConnection {
  /** The database that the provider is configured with. */
  readonly database: string;
  /** The role that the provider logs in as. */
  readonly user: string;
  readonly isSuperuser: boolean;
  private readonly options: PostgresConnectionOptions;
  private lastChange: Promise<unknown> = Promise.resolve();

  constructor(options: PostgresConnectionOptions) {
    this.options = options;
    this.database = options.database;
    this.user = String(options.client.user);
    this.isSuperuser = options.isSuperuser;
  }

  /** Runs queries that change nothing. */
  async read<Result>(
    task: (session: Session) => Promise<Result>,
    database = this.database,
  ): Promise<Result> {
    const client = await this.open(database);
    const session: Session = {
      async query<Row extends QueryResultRow>(sql: string, values: readonly unknown[] = []) {
        const { rows } = await client.query<Row>(sql, [...values]);
        return rows;
      },
    };
    try {
      return await task(session);
    } catch (error) {
      throw explainPostgresError(error, this.address);
    } finally {
      await client.end();
    }
  }

  /** Runs statements that Postgres refuses inside a transaction, such as CREATE DATABASE. */
  change<Result>(
    task: (session: Session) => Promise<Result>,
    database = this.database,
  ): Promise<Result> {
    const result = this.lastChange.then(() => this.read(task, database));
    this.lastChange = result.catch(() => undefined);
    return result;
  }

  /** Runs statements all of which take effect, or none. */
  transaction<Result>(
    task: (session: Session) => Promise<Result>,
    database = this.database,
  ): Promise<Result> {
    return this.change(async (session) => {
      await session.query("BEGIN");
      // On an error the connection ends, and the server rolls back.
      const result = await task(session);
      await session.query("COMMIT");
      return result;
    }, database);
  }

  private get address(): string {
    const { host, port } = this.options.client;
    return `${host}:${port}`;
  }

  private async open(database: string): Promise<Client> {
    try {
      // A port that was opened a moment ago may refuse for some seconds: about 11 s in all.
      return await pRetry(() => connect(new Client({ ...this.options.client, database })), {
        retries: 6,
        minTimeout: 200,
        maxTimeout: 5000,
        shouldRetry: ({ error }) => isNotReady(error),
      });
    } catch (error) {
      throw explainPostgresError(error, this.address);
    }
  }
}

async function connect(client: Client): Promise<Client> {
  // A server that goes down tells an idle connection so; the next query fails anyway.
  client.on("error", () => undefined);
  await client.connect();
  return client;
}
