import { once } from "node:events";
import { createInterface } from "node:readline";
import { join } from "node:path";

import { execa } from "execa";

import { root } from "../../../../cli/host/paths.ts";

/** The Python server over a lakehouse of 20 orders, as `apps/query/tests/serve.py` makes it. */
export interface QueryServer {
  readonly port: number;
  readonly username: string;
  readonly password: string;
  /** Ends the server and waits until it is gone. */
  stop(): Promise<void>;
}

/**
 * Starts the server.
 * @param port - to listen on; a free one if it is 0.
 */
export async function startQueryServer(port = 0): Promise<QueryServer> {
  const folder = join(root, "apps/query");
  const server = execa(
    process.env["LAKEHOUSE_PYTHON"] ?? "python3",
    [join(folder, "tests/serve.py"), String(port)],
    { env: { PYTHONPATH: folder, PYTHONDONTWRITEBYTECODE: "1" }, buffer: false, reject: false },
  );
  const [line] = (await Promise.race([
    once(createInterface({ input: server.stdout }), "line"),
    server.then(() => {
      throw new Error("The query server ended before it listened; its packages may be missing");
    }),
  ])) as [string];
  return {
    port: Number(line),
    username: "lakehouse",
    password: "pass:wörd",
    async stop() {
      server.stdin.end();
      await server;
    },
  };
}
