import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";

import { parse, stringify } from "yaml";

import { writeWhole } from "../host/files.ts";
import { root, stateDir } from "../host/paths.ts";

/** Pulumi's local backend; deployments, their history and locks lie below it. */
export const backend = join(stateDir, "state");
const passphraseFile = join(stateDir, "passphrase");

/** What a Pulumi.<stack>.yaml holds, as far as it matters here. */
interface Settings {
  readonly encryptionsalt?: string;
  readonly config?: unknown;
}

/**
 * Prepares the folder that Pulumi works in for a stack and returns it. It holds copies of Pulumi.yaml
 * and Pulumi.<stack>.yaml, because Pulumi writes the salt of the stack's encryption into the latter.
 */
export async function prepareWorkspace(stack: string): Promise<string> {
  const folder = join(stateDir, "workspace", stack);
  await mkdir(folder, { recursive: true });
  await mkdir(backend, { recursive: true });
  const project = await readFile(join(root, "Pulumi.yaml"), "utf8");
  await writeWhole(join(folder, "Pulumi.yaml"), project);
  const copy = join(folder, `Pulumi.${stack}.yaml`);
  const { encryptionsalt } = existsSync(copy) ? await readSettings(copy) : {};
  const settings = await readSettings(join(root, `Pulumi.${stack}.yaml`));
  // Without the salt that it holds the secrets in the stack's state could never be read again.
  await writeWhole(copy, stringify(withSalt(settings, encryptionsalt)));
  if (!existsSync(passphraseFile)) {
    await writeWhole(passphraseFile, randomBytes(24).toString("base64url"), { mode: 0o600 });
  }
  return folder;
}

/**
 * The settings of a stack with the salt of our own passphrase. `pulumi up` by hand, with another
 * passphrase, leaves another salt in them; that one only matters if they hold secrets.
 */
export function withSalt(settings: Settings, ours: string | undefined): Settings {
  const { encryptionsalt: theirs, ...others } = settings;
  const hasSecrets = JSON.stringify(others).includes('"secure":');
  const encryptionsalt = hasSecrets ? (theirs ?? ours) : ours;
  return encryptionsalt === undefined ? others : { encryptionsalt, ...others };
}

/** What Pulumi's CLI is told through its environment. */
export function environment(options: {
  readonly kubeconfig: string;
  readonly helm: string;
  /** Folder of provider plugins that go before PATH. */
  readonly plugins: string | undefined;
}): Record<string, string> {
  const path = process.env["PATH"] ?? "";
  return {
    KUBECONFIG: options.kubeconfig,
    LAKEHOUSE_HELM: options.helm,
    PATH: options.plugins === undefined ? path : `${options.plugins}:${path}`,
    PULUMI_BACKEND_URL: `file://${backend}`,
    PULUMI_CONFIG_PASSPHRASE_FILE: passphraseFile,
    PULUMI_SKIP_UPDATE_CHECK: "true",
  };
}

async function readSettings(file: string): Promise<Settings> {
  return (parse(await readFile(file, "utf8")) ?? {}) as Settings;
}
