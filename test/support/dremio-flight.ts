import { randomUUID } from "node:crypto";

import {
  Metadata,
  Server,
  ServerCredentials,
  type ServerUnaryCall,
  type ServerWritableStream,
  type ServiceDefinition,
  status,
  type sendUnaryData,
} from "@grpc/grpc-js";
import { Message, tableFromArrays, tableToIPC } from "apache-arrow";

import {
  type FlightData,
  type FlightDescriptor,
  type FlightInfo,
  FlightService,
  type Ticket,
} from "../../apps/query/client/flight-service.ts";

/**
 * Stands in for Dremio's Flight server: its way to sign in and to keep sessions. Written after the
 * sources of Dremio 25.2.0 (https://github.com/dremio/dremio-oss, services/arrow-flight):
 * DremioBearerTokenAuthenticator, SessionServiceFlightSessionsManager, DremioFlightProducer. Each
 * query is answered with its own text and the schema of its session.
 */
export class DremioFlightStandIn {
  /** How each call was signed in: `Basic` or `Bearer`. */
  readonly signIns: string[] = [];
  readonly #password: string;
  readonly #tokens = new Set<string>();
  /** The default schema of each session. */
  readonly #sessions = new Map<string, string>();
  readonly #server = new Server();

  /** @param password - that of the only user, `lakehouse`. */
  constructor(password: string) {
    this.#password = password;
  }

  /** Starts it on a free port and returns its address. */
  async start(): Promise<string> {
    const { service } = FlightService as unknown as { service: ServiceDefinition };
    this.#server.addService(service, {
      GetFlightInfo: (
        call: ServerUnaryCall<FlightDescriptor, FlightInfo>,
        callback: sendUnaryData<FlightInfo>,
      ) => {
        try {
          call.sendMetadata(this.#admit(call.metadata));
          callback(null, { endpoint: [{ ticket: { ticket: call.request.cmd } }] });
        } catch (error) {
          callback(error as Error);
        }
      },
      DoGet: (call: ServerWritableStream<Ticket, FlightData>) => {
        try {
          const headers = this.#admit(call.metadata);
          call.sendMetadata(headers);
          const sql = call.request.ticket.toString();
          for (const message of messagesOf(sql, this.#schemaOf(call.metadata))) call.write(message);
          call.end();
        } catch (error) {
          call.destroy(error as Error);
        }
      },
    });
    const port = await new Promise<number>((resolve, reject) => {
      this.#server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, bound) => {
        if (error) reject(error);
        else resolve(bound);
      });
    });
    return `127.0.0.1:${port}`;
  }

  stop(): void {
    this.#server.forceShutdown();
  }

  /** Forgets tokens, as when they expire. */
  expireTokens(): void {
    this.#tokens.clear();
  }

  /** Forgets sessions, as after two hours without a query; tokens live longer. */
  expireSessions(): void {
    this.#sessions.clear();
  }

  get sessions(): number {
    return this.#sessions.size;
  }

  /** Lets a call in and returns the headers of the answer, or throws how Dremio refuses it. */
  #admit(request: Metadata): Metadata {
    const [kind = "", credentials = ""] = text(request, "authorization").split(" ");
    this.signIns.push(kind);
    const headers = new Metadata();
    headers.set("authorization", `Bearer ${this.#token(kind, credentials)}`);
    const known = sessionIdOf(request);
    if (known === undefined) {
      const id = randomUUID();
      this.#sessions.set(id, text(request, "schema"));
      headers.set("set-cookie", `SESSION_ID=${id}`);
    } else if (!this.#sessions.has(known)) {
      throw refusal("UserSession is not available in the cache");
    }
    return headers;
  }

  #token(kind: string, credentials: string): string {
    if (kind === "Bearer") {
      if (!this.#tokens.has(credentials)) throw refusal("");
      return credentials;
    }
    if (Buffer.from(credentials, "base64").toString() !== `lakehouse:${this.#password}`) {
      throw refusal("Unable to authenticate user lakehouse");
    }
    const token = randomUUID();
    this.#tokens.add(token);
    return token;
  }

  #schemaOf(request: Metadata): string {
    return this.#sessions.get(sessionIdOf(request) ?? "") ?? "";
  }
}

const text = (headers: Metadata, name: string) => String(headers.get(name)[0] ?? "");

function sessionIdOf(headers: Metadata): string | undefined {
  return /SESSION_ID=([^;]+)/.exec(text(headers, "cookie"))?.[1];
}

function refusal(details: string): Error {
  return Object.assign(new Error(details), { code: status.UNAUTHENTICATED, details });
}

/** A table of one row, cut into the messages of its IPC stream. */
function* messagesOf(sql: string, schema: string): Generator<FlightData> {
  const bytes = Buffer.from(
    tableToIPC(tableFromArrays({ sql: [sql], schema: [schema] }), "stream"),
  );
  let at = 0;
  while (at < bytes.length) {
    const headerLength = bytes.readInt32LE(at + 4);
    if (headerLength === 0) return;
    const dataHeader = bytes.subarray(at + 8, at + 8 + headerLength);
    const { bodyLength } = Message.decode(dataHeader);
    const begin = at + 8 + headerLength;
    yield { dataHeader, dataBody: bytes.subarray(begin, begin + bodyLength) };
    at = begin + bodyLength;
  }
}
