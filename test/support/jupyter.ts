import { randomUUID } from "node:crypto";

import { nodePorts } from "../../components/ports.ts";
import { addressOf, secretOfStack } from "./deployed.ts";

/** What the kernel says, as far as it matters here. */
interface Message {
  readonly header: { readonly msg_type: string };
  readonly parent_header: { readonly msg_id?: string };
  readonly content: { readonly status?: string; readonly ename?: string; readonly evalue?: string };
}

/** The notebook's server, as a browser with the generated token. */
export class Jupyter {
  readonly #address: string;
  readonly #token: string;

  private constructor(address: string, token: string) {
    this.#address = address;
    this.#token = token;
  }

  static async open(): Promise<Jupyter> {
    const entry = await secretOfStack("notebook-token");
    return new Jupyter(await addressOf(nodePorts.notebook), entry("token"));
  }

  /** How a request without the token is answered. */
  async statusForStrangers(path: string): Promise<number> {
    return (await fetch(`http://${this.#address}${path}`)).status;
  }

  /** The code cells of a notebook on the server's volume. */
  async codeCells(notebook: string): Promise<string[]> {
    const { content } = await this.#ask<{
      content: { cells: { cell_type: string; source: string }[] };
    }>("GET", `/api/contents/${notebook}`);
    return content.cells.filter((cell) => cell.cell_type === "code").map(({ source }) => source);
  }

  /**
   * Runs cells one after the other in a kernel of their own.
   * @throws Error with what the first cell that fails says.
   */
  async run(cells: readonly string[]): Promise<void> {
    const { id } = await this.#ask<{ id: string }>("POST", "/api/kernels");
    const socket = new WebSocket(
      `ws://${this.#address}/api/kernels/${id}/channels?token=${this.#token}`,
    );
    try {
      await new Promise((resolve, reject) => {
        socket.addEventListener("open", resolve, { once: true });
        socket.addEventListener("error", reject, { once: true });
      });
      for (const cell of cells) await execute(socket, cell);
    } finally {
      socket.close();
      await this.#ask("DELETE", `/api/kernels/${id}`);
    }
  }

  async #ask<Answer>(method: string, path: string): Promise<Answer> {
    const answer = await fetch(`http://${this.#address}${path}`, {
      method,
      headers: { authorization: `token ${this.#token}` },
    });
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
    return (await (answer.status === 204 ? undefined : answer.json())) as Answer;
  }
}

/** Waits for the kernel's reply to one cell. */
function execute(socket: WebSocket, code: string): Promise<void> {
  const id = randomUUID();
  return new Promise((resolve, reject) => {
    const settle = (error?: Error): void => {
      socket.removeEventListener("message", listen);
      if (error === undefined) resolve();
      else reject(error);
    };
    const listen = ({ data }: MessageEvent): void => {
      const { header, parent_header: parent, content } = JSON.parse(String(data)) as Message;
      if (header.msg_type !== "execute_reply" || parent.msg_id !== id) return;
      const said = `${content.ename ?? ""}: ${content.evalue ?? ""}`;
      settle(content.status === "ok" ? undefined : new Error(`${code}\n${said}`));
    };
    socket.addEventListener("message", listen);
    socket.addEventListener(
      "close",
      () => {
        settle(new Error("the kernel's connection was lost"));
      },
      {
        once: true,
      },
    );
    socket.send(
      JSON.stringify({
        channel: "shell",
        header: {
          ...{ msg_id: id, msg_type: "execute_request", version: "5.3" },
          ...{ session: "tests", username: "tests", date: new Date().toISOString() },
        },
        parent_header: {},
        metadata: {},
        content: { code, silent: false, allow_stdin: false, stop_on_error: true },
      }),
    );
  });
}
