import { createServer, type IncomingHttpHeaders, type Server } from "node:http";
import type { AddressInfo } from "node:net";

/** What came to the webhook. */
export interface Received {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** How the webhook answers; "never" leaves the request open. */
export type Answer =
  | {
      readonly status: number;
      readonly headers?: Record<string, string>;
      readonly body?: string;
    }
  | "never";

/** A webhook on this machine. */
export class Receiver {
  readonly received: Received[] = [];
  /** Answers of the next requests; the last one stays. */
  answers: Answer[] = [{ status: 200 }];
  readonly #server: Server;

  constructor() {
    this.#server = createServer((request, response) => {
      let body = "";
      request.setEncoding("utf8").on("data", (text) => (body += String(text)));
      request.on("end", () => {
        this.received.push({ headers: request.headers, body });
        const answer = this.answers.length > 1 ? this.answers.shift() : this.answers[0];
        if (answer === undefined || answer === "never") return;
        response.writeHead(answer.status, answer.headers).end(answer.body);
      });
    });
  }

  async start(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/hook`;
  }

  /** The ids of what came, in its order. */
  get keys(): string[] {
    return this.received.map(({ headers }) => String(headers["idempotency-key"]));
  }

  stop(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }
}
