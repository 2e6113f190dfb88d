import { createServer, type Server, type Socket } from "node:net";
import type { AddressInfo } from "node:net";

/** A Redis in memory that speaks as much of the protocol (RESP 3) as our programs use. */
export class FakeRedis {
  readonly hashes = new Map<string, Readonly<Record<string, string>>>();
  readonly texts = new Map<string, string>();
  /** Seconds that each text is to live; those without a limit have none. */
  readonly lifetimes = new Map<string, number>();
  /** Takes commands without ever answering them. */
  isMute = false;
  readonly password: string;
  #server: Server | undefined;
  #port = 0;
  readonly #sockets = new Set<Socket>();

  constructor(password = "secret") {
    this.password = password;
  }

  get address(): string {
    return `127.0.0.1:${this.#port}`;
  }

  get connections(): number {
    return this.#sockets.size;
  }

  /** Listens, always at the port of the first time. */
  async start(): Promise<void> {
    this.#server = createServer((socket) => {
      this.#serve(socket);
    });
    await new Promise<void>((resolve) => {
      this.#server?.listen(this.#port, "127.0.0.1", resolve);
    });
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  /** Ends every connection and takes no more. */
  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server?.close(resolve));
  }

  #serve(socket: Socket): void {
    this.#sockets.add(socket);
    socket.once("close", () => this.#sockets.delete(socket));
    let rest = "";
    socket.setEncoding("utf8").on("data", (text) => {
      rest += String(text);
      for (let command = nextCommand(rest); command; command = nextCommand(rest)) {
        rest = command.rest;
        if (!this.isMute) socket.write(this.#reply(command.words));
      }
    });
    socket.on("error", () => undefined);
  }

  #reply([name = "", key = "", ...rest]: readonly string[]): string {
    switch (name.toUpperCase()) {
      case "HELLO":
        return rest.at(-1) === this.password
          ? map({ server: "redis", version: "8.1.0" })
          : "-WRONGPASS invalid username-password pair or user is disabled.\r\n";
      case "HGETALL":
        return map(this.hashes.get(key) ?? {});
      case "GET":
        return text(this.texts.get(key));
      case "MGET": {
        const keys = [key, ...rest];
        return `*${keys.length}\r\n${keys.map((each) => text(this.texts.get(each))).join("")}`;
      }
      case "SET": {
        const [value = "", option, seconds] = rest;
        this.texts.set(key, value);
        if (option === "EX") this.lifetimes.set(key, Number(seconds));
        return "+OK\r\n";
      }
      default:
        return `-NOPERM this user has no permissions to run the '${name}' command\r\n`;
    }
  }
}

/** The first command of what has come, an array of texts; undefined until it is complete. */
function nextCommand(input: string): { words: string[]; rest: string } | undefined {
  const header = /^\*(\d+)\r\n/.exec(input);
  if (header === null) return undefined;
  let rest = input.slice(header[0].length);
  const words: string[] = [];
  for (let left = Number(header[1]); left > 0; left--) {
    const length = /^\$(\d+)\r\n/.exec(rest);
    if (length === null) return undefined;
    // Lengths are of bytes, which are characters here but for tests with other letters.
    const bytes = Buffer.from(rest.slice(length[0].length));
    if (bytes.length < Number(length[1]) + 2) return undefined;
    words.push(bytes.subarray(0, Number(length[1])).toString());
    rest = bytes.subarray(Number(length[1]) + 2).toString();
  }
  return { words, rest };
}

function text(value: string | undefined): string {
  return value === undefined ? "_\r\n" : `$${Buffer.byteLength(value)}\r\n${value}\r\n`;
}

function map(entries: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(entries);
  return `%${pairs.length}\r\n${pairs.flat().map(text).join("")}`;
}
