// The entry of every npm script. It runs on any Node from 20 on, installs the npm packages if they
// are missing or older than the lockfile, and hands over to the Node 24 that they bring along.
import { spawn, spawnSync } from "node:child_process";
import { existsSync, statSync } from "node:fs";
import { join } from "node:path";

const root = join(import.meta.dirname, "..");
const installed = join(root, "node_modules/.package-lock.json");
const wanted = join(root, "package-lock.json");

if (!existsSync(installed) || statSync(installed).mtimeMs < statSync(wanted).mtimeMs) {
  process.stderr.write("Installing npm packages (npm ci)\n");
  // Install scripts are not needed: they would only try to download plugin binaries.
  const install = spawnSync(
    "npm",
    ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"],
    { cwd: root, stdio: ["ignore", process.stderr, process.stderr] },
  );
  if (install.status !== 0) {
    process.stderr.write(
      "✖ npm ci failed\n→ See the lines above; check the network, npm's registry and the free disk space (`df -h`).\n",
    );
    process.exit(1);
  }
}

const major = Number(process.versions.node.split(".")[0]);
const bundled = join(root, `node_modules/node-${process.platform}-${process.arch}/bin/node`);
const node = major >= 24 ? process.execPath : bundled;
if (!existsSync(node)) {
  process.stderr.write(
    `✖ Node 24 is needed, this is Node ${process.versions.node}\n→ Install Node 24 or newer.\n`,
  );
  process.exit(1);
}

const child = spawn(node, [join(root, "cli/main.ts"), ...process.argv.slice(2)], {
  cwd: root,
  stdio: "inherit",
  env: {
    // A command starts up to six Node processes; most of the start of each is compiling modules.
    NODE_COMPILE_CACHE: join(root, "node_modules/.cache/node"),
    ...process.env,
    LAKEHOUSE_CALLER_DIRECTORY: process.env.INIT_CWD ?? process.cwd(),
  },
});
// The terminal sends Ctrl-C to the whole group; the child decides how to end.
process.on("SIGINT", () => {});
process.on("SIGTERM", () => child.kill("SIGTERM"));
child.on("exit", (code, signal) => process.exit(code ?? (signal === "SIGINT" ? 130 : 143)));
