import { credentials, Metadata, type ServiceError, status } from "@grpc/grpc-js";
import { Table, tableFromIPC } from "apache-arrow";

import { type FlightData, type FlightInfo, FlightService, type Ticket } from "./flight-service.ts";
import { endOfStream, ipcMessage } from "./ipc-stream.ts";
import { type Row, rowsOf } from "./rows.ts";

export type { Row } from "./rows.ts";
export type { Value } from "./values.ts";

export interface FlightOptions {
  /** `host:port`, `grpc://host:port`, or `grpc+tls://host:port` for TLS. */
  readonly address: string;
  readonly username: string;
  readonly password: string;
  /** How long a query may take, its result included. @default 60 */
  readonly deadlineSeconds?: number;
}

/** The catalog of the tables. */
const catalog = "nessie_minio_catalog";

/** A query that failed, with the server's own words. */
export class FlightError extends Error {
  /** gRPC's name of the failure, such as `UNAVAILABLE` or `UNAUTHENTICATED`. */
  readonly code: string;

  constructor(message: string, code: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "FlightError";
    this.code = code;
  }
}

/**
 * Gives a client for a server that speaks Arrow Flight as Dremio does. It connects when first
 * used, and again after the server was away. Close it, or the process stays alive.
 */
export function connect(options: FlightOptions): FlightClient {
  return new FlightClient(options);
}

/** Asks SQL over Arrow Flight. Queries may run side by side. */
export class FlightClient {
  readonly #options: FlightOptions;
  readonly #cookies = new Map<string, string>();
  #service: FlightService | undefined;
  /** The Bearer token, once signed in. */
  #authorization: string | undefined;

  constructor(options: FlightOptions) {
    this.#options = options;
  }

  /**
   * The result as plain objects that JSON can hold: decimals are exact strings, times ISO strings in
   * UTC, integers numbers, or strings where a number would not be exact.
   * @throws FlightError
   */
  async query(sql: string): Promise<Row[]> {
    return rowsOf(await this.queryTable(sql));
  }

  /**
   * The result as an Arrow table.
   * @throws FlightError
   */
  async queryTable(sql: string): Promise<Table> {
    const deadline = new Date(Date.now() + (this.#options.deadlineSeconds ?? 60) * 1000);
    const authorization = this.#authorization;
    try {
      return await this.#ask(sql, deadline);
    } catch (error) {
      // Tokens and sessions expire, and a restarted server knows neither: sign in again, once.
      const isStale = error instanceof FlightError && error.code === "UNAUTHENTICATED";
      if (!isStale || authorization === undefined) throw error;
      if (this.#authorization === authorization) {
        this.#authorization = undefined;
        // Dremio refuses even the right password beside the cookie of a session that is gone.
        this.#cookies.clear();
      }
      return this.#ask(sql, deadline);
    }
  }

  /** Ends the connection; running queries fail. */
  close(): void {
    this.#service?.close();
    this.#service = undefined;
  }

  async #ask(sql: string, deadline: Date): Promise<Table> {
    const service = (this.#service ??= this.#open());
    try {
      const { endpoint = [] } = await this.#getFlightInfo(service, sql, deadline);
      let table = new Table();
      for (const { ticket } of endpoint) {
        const part = tableFromIPC(await this.#doGet(service, ticket, deadline));
        table = table.numCols === 0 ? part : table.concat(part);
      }
      return table;
    } catch (error) {
      const failure = flightError(error);
      // A connection whose other end vanished without a word would swallow every later query too.
      if (["UNAVAILABLE", "DEADLINE_EXCEEDED"].includes(failure.code)) {
        if (this.#service === service) this.#service = undefined;
        service.close();
      }
      throw failure;
    }
  }

  #open(): FlightService {
    const [, scheme = "grpc", target = ""] =
      /^(?:([a-z+]+):\/\/)?(.*)$/.exec(this.#options.address) ?? [];
    const secrecy = scheme === "grpc+tls" ? credentials.createSsl() : credentials.createInsecure();
    // A result's messages may be larger than gRPC's usual limit of 4 MB.
    return new FlightService(target, secrecy, { "grpc.max_receive_message_length": -1 });
  }

  #getFlightInfo(service: FlightService, sql: string, deadline: Date): Promise<FlightInfo> {
    return new Promise((resolve, reject) => {
      service
        .GetFlightInfo(
          { type: "CMD", cmd: Buffer.from(sql) },
          this.#headers(),
          { deadline },
          (error, info) => {
            if (error === null) resolve(info ?? {});
            else reject(error);
          },
        )
        .on("metadata", this.#remember);
    });
  }

  async #doGet(service: FlightService, ticket: Ticket, deadline: Date): Promise<Uint8Array[]> {
    const call = service
      .DoGet(ticket, this.#headers(), { deadline })
      .on("metadata", this.#remember);
    const chunks: Uint8Array[] = [];
    for await (const message of call) chunks.push(...ipcMessage(message as FlightData));
    return [...chunks, endOfStream];
  }

  #headers(): Metadata {
    const { username, password } = this.#options;
    const basic = Buffer.from(`${username}:${password}`).toString("base64");
    const headers = new Metadata();
    headers.set("authorization", this.#authorization ?? `Basic ${basic}`);
    // Where Dremio looks for names without a catalog; the light engine does so by itself.
    headers.set("schema", catalog);
    if (this.#cookies.size > 0) {
      headers.set("cookie", [...this.#cookies].map((pair) => pair.join("=")).join("; "));
    }
    return headers;
  }

  /** Keeps the Bearer token and the session's cookies that an answer's headers bring. */
  readonly #remember = (headers: Metadata): void => {
    const authorization = headers.get("authorization").at(-1);
    if (String(authorization).startsWith("Bearer ")) this.#authorization = String(authorization);
    for (const cookie of headers.get("set-cookie")) {
      const [, name, value] = /^([^=;]+)=([^;]*)/.exec(String(cookie)) ?? [];
      if (name !== undefined && value !== undefined) this.#cookies.set(name, value);
    }
  };
}

/** The failure as its server told it, without what gRPC and pyarrow add to the text. */
function flightError(error: unknown): FlightError {
  if (!(error instanceof Error) || !("details" in error)) {
    const message = error instanceof Error ? error.message : String(error);
    return new FlightError(`The answer cannot be read: ${message}`, "INTERNAL", { cause: error });
  }
  const { code, details } = error as ServiceError;
  return new FlightError(details.replace(/\. Detail: [^]*$/, ""), status[code], { cause: error });
}
