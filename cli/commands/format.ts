import { join } from "node:path";

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
      const venv = await ensureVenv(join(root, "test/requirements.txt"), () => undefined);
      const python = join(venv, "bin", "python");
      const run = execa({ cwd: root, stdio: "inherit", preferLocal: true });
      await run`prettier --write --log-level warn .`;
      await run`${python} -m ruff format .`;
      await run`${python} -m ruff check --fix .`;
    });
}
