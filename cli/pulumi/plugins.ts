import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, join } from "node:path";

import type { PulumiCommand } from "@pulumi/pulumi/automation/index.js";
import kafka from "@pulumi/kafka/package.json" with { type: "json" };
import kubernetes from "@pulumi/kubernetes/package.json" with { type: "json" };
import minio from "@pulumi/minio/package.json" with { type: "json" };
import postgresql from "@pulumi/postgresql/package.json" with { type: "json" };
import random from "@pulumi/random/package.json" with { type: "json" };

import { UserError } from "../errors.ts";
import { capture } from "../host/command.ts";
import { writeWhole } from "../host/files.ts";
import { root, stateDir } from "../host/paths.ts";
import type { Progress } from "../progress.ts";

/** Which programs act on Kubernetes, Kafka and so on for Pulumi's engine. */
export const pluginChoices = ["auto", "official", "standin"] as const;
export type PluginChoice = (typeof pluginChoices)[number];

/** The providers of the program, as their npm packages pin them. */
const providers = { kubernetes, kafka, minio, postgresql, random };

/** Where the engine downloads official plugins from. */
const DOWNLOADS = "https://get.pulumi.com/";
const REACHABILITY_TIMEOUT_MS = 4_000;
/** Of one plugin, the largest of which has some 40 MB. */
const INSTALL_TIMEOUT_MS = 3 * 60_000;

const standInFolder = join(stateDir, "plugins");

/**
 * Makes the provider plugins available and returns the folder to put before PATH, if there is one.
 * `auto` takes the official plugins where all are on this machine, and else downloads them if that
 * can be done. Once a clone uses the stand-ins the download is not tried again.
 * @throws UserError if the official plugins are asked for and cannot be had.
 */
export async function ensurePlugins(
  choice: PluginChoice,
  pulumi: PulumiCommand,
  progress: Progress,
): Promise<string | undefined> {
  if (choice !== "standin" && areInstalled()) return undefined;
  const isWorthTrying = choice === "auto" && !existsSync(standInFolder) && (await canBeReached());
  if (choice === "official" || isWorthTrying) {
    const failure = await installOfficial(pulumi, progress);
    if (failure === undefined) {
      return undefined;
    }
    if (choice === "official") {
      throw new UserError("Pulumi's provider plugins cannot be had", {
        cure: "Install them by hand with `pulumi plugin install`, or leave out `--plugins official`.",
        log: failure,
      });
    }
    progress("the official provider plugins cannot be had; the stand-ins of providers/ serve");
  }
  await writeStandIns();
  return standInFolder;
}

/**
 * Whether all official plugins are on this machine already: where Pulumi installs them, or on PATH,
 * where it looks first.
 */
export function areInstalled(environment: NodeJS.ProcessEnv = process.env): boolean {
  const installed = join(environment["PULUMI_HOME"] ?? join(homedir(), ".pulumi"), "plugins");
  const path = (environment["PATH"] ?? "").split(delimiter);
  const onPath = path.filter((folder) => folder !== "" && folder !== standInFolder);
  return Object.entries(providers).every(
    ([name, { version }]) =>
      existsSync(join(installed, `resource-${name}-v${version}`)) ||
      onPath.some((folder) => existsSync(join(folder, `pulumi-resource-${name}`))),
  );
}

/** One short question instead of five downloads that each are tried five times. */
async function canBeReached(): Promise<boolean> {
  const options = { method: "HEAD", signal: AbortSignal.timeout(REACHABILITY_TIMEOUT_MS) };
  return fetch(DOWNLOADS, options).then(
    () => true,
    () => false,
  );
}

/** Installs what is missing; returns the reason if one cannot be had. */
async function installOfficial(
  pulumi: PulumiCommand,
  progress: Progress,
): Promise<string | undefined> {
  for (const [name, { version }] of Object.entries(providers)) {
    progress(`provider plugin ${name} ${version}`);
    try {
      await capture(pulumi.command, ["plugin", "install", "resource", name, version], {
        env: { PULUMI_SKIP_UPDATE_CHECK: "true" },
        timeout: INSTALL_TIMEOUT_MS,
      });
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  }
  return undefined;
}

/** One executable a provider, by the name under which the engine looks for it on PATH. */
async function writeStandIns(): Promise<void> {
  for (const name of Object.keys(providers)) {
    const file = join(standInFolder, `pulumi-resource-${name}`);
    const main = join(root, "providers", name, "main.ts");
    const script = `#!/bin/sh\nexec '${process.execPath}' '${main}' "$@"\n`;
    await writeWhole(file, script, { mode: 0o755 });
  }
}
