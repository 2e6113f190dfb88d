import { createHash } from "node:crypto";
import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { parse } from "yaml";
import { z } from "zod";
import { Asset, isProperties, isUnknown } from "../../runtime/values.ts";
import type { Properties } from "../../runtime/values.ts";

/** Inputs of `kubernetes.helm.v3.Release` that are covered, with the official names. */
export const releaseInputs = z.object({
  /** Folder or archive of a chart, a URL, `oci://...`, or a name in `repositoryOpts.repo`. */
  chart: z.string(),
  name: z.string().optional(),
  namespace: z.string().optional(),
  version: z.string().optional(),
  repositoryOpts: z.object({ repo: z.string().optional() }).optional(),
  values: z.record(z.string(), z.unknown()).optional(),
  valueYamlFiles: z.array(z.instanceof(Asset)).optional(),
  createNamespace: z.boolean().optional(),
  skipCrds: z.boolean().optional(),
  skipAwait: z.boolean().optional(),
  atomic: z.boolean().optional(),
  cleanupOnFail: z.boolean().optional(),
  waitForJobs: z.boolean().optional(),
  dependencyUpdate: z.boolean().optional(),
  description: z.string().optional(),
  devel: z.boolean().optional(),
  disableOpenapiValidation: z.boolean().optional(),
  disableWebhooks: z.boolean().optional(),
  forceUpdate: z.boolean().optional(),
  maxHistory: z.int().optional(),
  resetValues: z.boolean().optional(),
  reuseValues: z.boolean().optional(),
  /** Seconds to wait for the release's objects. @default 300 */
  timeout: z.number().optional(),
  /** A marker of the SDK. */
  compat: z.string().optional(),
});

export type ReleaseInputs = z.infer<typeof releaseInputs>;

/** Values of a release: the files in their order, then what the program sets, which wins. */
export async function mergedValues(inputs: ReleaseInputs): Promise<Properties> {
  const files = await Promise.all((inputs.valueYamlFiles ?? []).map(readValues));
  return [...files, inputs.values ?? {}].reduce(mergeValues, {});
}

async function readValues(asset: Asset): Promise<Properties> {
  const text = asset.text ?? (asset.path ? await readFile(asset.path, "utf8") : undefined);
  if (text === undefined) {
    throw new Error("valueYamlFiles: only FileAsset and StringAsset are covered by this stand-in");
  }
  const values: unknown = parse(text);
  return isProperties(values) ? values : {};
}

/** Merges maps deeply; anything else is replaced, as helm does. */
export function mergeValues(base: Properties, over: Properties): Properties {
  const merged = { ...base };
  for (const [key, value] of Object.entries(over)) {
    const below = merged[key];
    merged[key] = isProperties(below) && isProperties(value) ? mergeValues(below, value) : value;
  }
  return merged;
}

/**
 * Digest of the files of a chart on this machine, or `undefined` for a remote one, which its version
 * identifies. Where the chart lies does not matter.
 */
export async function chartDigest(chart: unknown): Promise<string | undefined> {
  if (typeof chart !== "string" || isUnknown(chart)) return undefined;
  const found = await stat(chart).catch(() => undefined);
  if (found === undefined) return undefined;
  const hash = createHash("sha256");
  if (!found.isDirectory()) return hash.update(await readFile(chart)).digest("hex");
  const entries = await readdir(chart, { recursive: true, withFileTypes: true });
  const files = entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(chart.length))
    .sort();
  for (const file of files) {
    const content = await readFile(join(chart, file));
    hash.update(`${file}\0${content.length}\0`).update(content);
  }
  return hash.digest("hex");
}

/** Arguments that install and upgrade share. */
export function writeArguments(inputs: ReleaseInputs): string[] {
  const wait = inputs.skipAwait ? [] : ["--wait"];
  return [
    ...chartArguments(inputs),
    ...["--values", "-", "--output", "json"],
    ...wait,
    ...["--timeout", `${inputs.timeout ?? DEFAULT_TIMEOUT_SECONDS}s`],
    ...flag("--atomic", inputs.atomic),
    ...flag("--create-namespace", inputs.createNamespace),
    ...flag("--dependency-update", inputs.dependencyUpdate),
    ...flag("--disable-openapi-validation", inputs.disableOpenapiValidation),
    ...flag("--no-hooks", inputs.disableWebhooks),
    ...flag("--skip-crds", inputs.skipCrds),
    ...flag("--wait-for-jobs", inputs.waitForJobs),
    ...option("--description", inputs.description),
  ];
}

/** Arguments that only an upgrade knows. */
export function upgradeArguments(inputs: ReleaseInputs): string[] {
  return [
    // Otherwise values of the last revision might linger, depending on helm's mood.
    ...(inputs.reuseValues ? ["--reuse-values"] : ["--reset-values"]),
    ...flag("--cleanup-on-fail", inputs.cleanupOnFail),
    ...flag("--force", inputs.forceUpdate),
    ...option("--history-max", inputs.maxHistory?.toString()),
  ];
}

/** Arguments that say which chart is meant, besides its name. */
export function chartArguments(inputs: ReleaseInputs): string[] {
  return [
    ...flag("--devel", inputs.devel),
    ...option("--repo", inputs.repositoryOpts?.repo),
    ...option("--version", inputs.version),
  ];
}

/** As the official plugin has it. */
export const DEFAULT_TIMEOUT_SECONDS = 300;

function flag(name: string, isSet: boolean | undefined): string[] {
  return isSet ? [name] : [];
}

function option(name: string, value: string | undefined): string[] {
  return value === undefined ? [] : [name, value];
}
