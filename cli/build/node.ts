import { existsSync } from "node:fs";
import { copyFile, readFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { UserError } from "../errors.ts";
import { root } from "../host/paths.ts";
import type { Progress } from "../progress.ts";
import { hashOfFolder } from "./content.ts";
import { stored } from "./store.ts";

/** Files of an app that do not end up in what is built from it. */
const notBuilt = /(^|\/)(tests?|dist|node_modules|__pycache__|[^/]*\.(md|py|txt))$/;

/**
 * Some of our dependencies are CommonJS; bundled into an ES module they still call `require` for
 * Node's own modules, which an ES module does not have by itself.
 */
const requireForCommonJs =
  'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);';

/** A Node program to be bundled. */
export interface Bundle {
  /** The app's folder, relative to the repository. */
  readonly app: string;
  /** The file that starts it, relative to the app's folder. */
  readonly entry: string;
  /** File name of the bundle, ending in `.mjs`. */
  readonly output: string;
}

/** Bundles a Node program with all its npm packages into one file; returns its path in the cache. */
export async function nodeBundle(bundle: Bundle, progress: Progress): Promise<string> {
  const { app, entry, output } = bundle;
  const folder = await stored(await appEntry("bundle", app, entry), async (target) => {
    progress(`bundling ${join(app, entry)}`);
    const esbuild = await import("esbuild");
    await esbuild.build({
      absWorkingDir: root,
      entryPoints: [join(app, entry)],
      outfile: join(target, output),
      bundle: true,
      platform: "node",
      target: "node24",
      format: "esm",
      banner: { js: requireForCommonJs },
      legalComments: "none",
      logLevel: "silent",
    });
  });
  return join(folder, output);
}

/**
 * Builds an app's browser client with Vite and returns the path of its folder in the cache.
 * @param app - the app's folder, relative to the repository
 * @param client - the folder with its index.html, relative to the app's folder
 */
export async function browserClient(
  app: string,
  client: string,
  progress: Progress,
): Promise<string> {
  return stored(await appEntry("client", app, client), async (folder) => {
    progress(`building ${join(app, client)}`);
    const vite = await import("vite");
    await vite.build({
      root: join(root, app, client),
      logLevel: "error",
      build: { outDir: folder, emptyOutDir: false },
    });
  });
}

/** Copies the Node binary that npm installed for this architecture; returns its path in the cache. */
export async function nodeBinary(): Promise<string> {
  const installed = join(root, "node_modules", `node-linux-${process.arch}`);
  const manifest = join(installed, "package.json");
  if (!existsSync(manifest)) {
    throw new UserError(`${relative(root, installed)} is missing`, { cure: "Run `npm ci`." });
  }
  const { version } = JSON.parse(await readFile(manifest, "utf8")) as { version: string };
  const folder = await stored({ name: "node", madeFrom: [version] }, async (target) => {
    await copyFile(join(installed, "bin", "node"), join(target, "node"));
  });
  return join(folder, "node");
}

/** The programs use modules of each other and the CLI's errors, so each is made from all of them. */
async function appEntry(
  name: string,
  app: string,
  entry: string,
): Promise<{ name: string; madeFrom: string[] }> {
  const [apps, jobs, errors, lockfile, recipe] = await Promise.all([
    hashOfFolder(join(root, "apps"), notBuilt),
    hashOfFolder(join(root, "k8s-jobs"), notBuilt),
    readFile(join(root, "cli", "errors.ts"), "utf8"),
    readFile(join(root, "package-lock.json"), "utf8"),
    readFile(import.meta.filename, "utf8"),
  ]);
  return { name, madeFrom: [app, entry, apps, jobs, errors, lockfile, recipe] };
}
