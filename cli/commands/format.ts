import type { Command } from "commander";
import { execa } from "execa";

import { ensureVenv } from "../build/python.ts";
import { root } from "../host/paths.ts";

/** `npm run format`: rewrites every file as prettier and ruff want it. */
export function register(program: Command): void {
  program
    .command("format")
    .description("format every file of the repository")
    .action(async () => {
      const python = await ensureVenv("test/requirements.txt", () => undefined);
      const run = execa({ cwd: root, stdio: "inherit", preferLocal: true });
      await run`prettier --write --log-level warn .`;
      await run`${python} -m ruff format .`;
      await run`${python} -m ruff check --fix .`;
    });
}
