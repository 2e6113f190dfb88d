import { mkdir, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { buildGo } from "../build/go.ts";
import { capture, runLogged } from "../host/command.ts";
import { cacheDir, root } from "../host/paths.ts";
import type { Progress } from "../progress.ts";

let found: Promise<string> | undefined;

/** The syft on PATH if it is of version 1, else built from its Go module (once, some minutes). */
export function ensureSyft(progress: Progress): Promise<string> {
  found ??= find(progress);
  return found;
}

async function find(progress: Progress): Promise<string> {
  const onPath = await capture("syft", ["--version"]).catch(() => "");
  if (onPath.startsWith("syft 1.")) return "syft";
  return buildGo(
    {
      name: "syft",
      moduleDir: join(root, "images", "tools", "syft"),
      package: "github.com/anchore/syft/cmd/syft",
      output: "syft",
    },
    progress,
  );
}

/**
 * Writes what is in an image of the local engine, as CycloneDX JSON: Debian's packages, Python's,
 * jars and Go modules, each with its version, its licence and where it lies.
 * @param name - file name without its extension
 * @returns the path of the file
 */
export async function writeSbom(
  name: string,
  ref: string,
  folder: string,
  progress: Progress,
): Promise<string> {
  const syft = await ensureSyft(progress);
  await mkdir(folder, { recursive: true });
  const file = join(folder, `${name}.cdx.json`);
  const partial = `${file}.partial`;
  await runLogged(
    syft,
    ["scan", `docker:${ref}`, "--output", `cyclonedx-json=${partial}`],
    {
      what: `Listing what is in ${ref}`,
      cure: "Check that Docker runs and that /tmp has room for the image, then try again.",
      logFile: join(cacheDir, "logs", `sbom-${name}.log`),
      env: { SYFT_CHECK_FOR_APP_UPDATE: "false" },
    },
    progress,
  );
  await rename(partial, file);
  return file;
}

/**
 * Writes npm's own list of what our Node programs are bundled from, as CycloneDX JSON. In the image
 * itself they are one file each, in which no tool finds a package again.
 * @returns the path of the file
 */
export async function writeNpmSbom(folder: string): Promise<string> {
  const options = ["--package-lock-only", "--omit=dev", "--sbom-format=cyclonedx"];
  const list = await capture("npm", ["sbom", ...options], { cwd: root });
  await mkdir(folder, { recursive: true });
  const file = join(folder, "npm.cdx.json");
  await writeFile(file, `${list}\n`);
  return file;
}
