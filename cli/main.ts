import { Command } from "commander";

import { UserError } from "./errors.ts";
import { explained } from "./explain.ts";

/** Each command registers itself; only the module of the one that was called is loaded. */
const commands: Record<string, () => Promise<{ register(program: Command): void }>> = {
  up: () => import("./commands/up.ts"),
  down: () => import("./commands/down.ts"),
  preview: () => import("./commands/preview.ts"),
  status: () => import("./commands/status.ts"),
  sql: () => import("./commands/sql.ts"),
  features: () => import("./commands/features.ts"),
  replay: () => import("./commands/replay.ts"),
  load: () => import("./commands/load.ts"),
  open: () => import("./commands/open.ts"),
  logs: () => import("./commands/logs.ts"),
  images: () => import("./commands/images.ts"),
  check: () => import("./commands/check.ts"),
  test: () => import("./commands/test.ts"),
  bench: () => import("./commands/bench.ts"),
  format: () => import("./commands/format.ts"),
};

/** What a person sees of a failure: what, the log's last lines, the cure. Defects keep their stack. */
function describe(error: unknown): string {
  if (!(error instanceof UserError)) {
    return error instanceof Error ? (error.stack ?? error.message) : String(error);
  }
  const log = error.log === undefined ? "" : `${error.log.trimEnd().replace(/^/gm, "  │ ")}\n`;
  return `✖ ${error.message}\n${log}→ ${error.cure}`;
}

const program = new Command("npm run")
  .usage("<command> -- [options]")
  .description("A real-time e-commerce lakehouse on Kubernetes")
  .showHelpAfterError("(add `-- --help` for the options)");

const wanted = process.argv[2];
const load = wanted === undefined ? undefined : commands[wanted];
try {
  for (const loader of load ? [load] : Object.values(commands)) {
    (await loader()).register(program);
  }
  await program.parseAsync();
} catch (error) {
  process.stderr.write(`${describe(await explained(error))}\n`);
  // Not when all is quiet: what still runs beside the failed step, such as a long compilation, is
  // stopped. The next run goes on from the caches.
  process.exit(1);
}
