import { createServer } from "node:net";
import { UserError } from "../errors.ts";
import { capture } from "../host/command.ts";
import { docker } from "../host/docker.ts";

/**
 * Throws a UserError that names every port that something else listens on, and by whom, so that a
 * cluster is not left half made by the first of them.
 */
export async function requireFreePorts(ports: readonly number[]): Promise<void> {
  const states = await Promise.all(
    ports.map(async (port) => ({ port, isFree: await isFree(port) })),
  );
  const taken = states.filter(({ isFree }) => !isFree).map(({ port }) => port);
  if (taken.length === 0) return;
  const holders = await Promise.all(taken.map(holderOf));
  const list = taken.map((port, index) => `${port} (${holders[index] ?? ""})`).join(", ");
  throw new UserError(`Ports of this machine are in use: ${list}`, {
    cure: "Stop what uses them, or set lakehouse:portOffset in the stack's config, for example to 1000.",
  });
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => {
      resolve(false);
    });
    server.listen({ port, host: "127.0.0.1", exclusive: true }, () => {
      server.close(() => {
        resolve(true);
      });
    });
  });
}

async function holderOf(port: number): Promise<string> {
  const format = "{{.Names}}";
  const publish = ["ps", "--filter", `publish=${port}`, "--format", format];
  const container = await docker(publish).catch(() => "");
  if (container !== "") return `container ${container.split("\n").join(", ")}`;
  const sockets = await capture("ss", ["-Hltnp", `sport = :${port}`]).catch(() => "");
  return processOf(sockets);
}

/** The process in a line of `ss -p`, as in `users:(("node",pid=42,fd=3))`. */
export function processOf(sockets: string): string {
  const match = /users:\(\("([^"]+)",pid=(\d+)/.exec(sockets);
  return match === null ? "unknown process" : `${match[1] ?? ""}, process ${match[2] ?? ""}`;
}
