import { createHash } from "node:crypto";
import { isDeepStrictEqual } from "node:util";

import { z } from "zod";

import { UserError } from "../../cli/errors.ts";
import { type DremioClient, DremioError } from "./client.ts";
import { byPath, sourceName } from "./names.ts";
import { patiently, type Patience } from "./patience.ts";
import type { Settings } from "./settings.ts";

const source = z.looseObject({
  entityType: z.literal("source", { error: "is there, but is no source" }),
  id: z.string(),
  tag: z.string().nullish(),
  type: z.string(),
  config: z.record(z.string(), z.unknown()),
  state: z
    .object({
      status: z.string(),
      messages: z.array(z.object({ message: z.string() })).nullish(),
    })
    .nullish(),
});
type Source = z.infer<typeof source>;

/** How old reflections may become, in ms. Dremio's API makes it 0, never refreshed, if it is not told. */
const refreshing = {
  accelerationActivePolicyType: "PERIOD",
  accelerationRefreshPeriodMs: 5 * 60_000,
  accelerationGracePeriodMs: 3 * 60 * 60_000,
};

/**
 * Makes sure that the catalog is a source of Dremio's with the right settings, and that it works.
 * @returns whether something had to be changed.
 * @throws UserError if something else bears its name, or it does not come to work in time.
 */
export async function ensureSource(
  client: DremioClient,
  settings: Pick<Settings, "nessieUri" | "objectStorage">,
  patience: Patience,
): Promise<boolean> {
  const wanted = sourceConfig(settings);
  const isChanged = await patiently(patience, () => bringAbout(client, wanted), isPassing);
  await patiently(
    patience,
    () => requireGood(client),
    (error) => error instanceof BadStateError,
  );
  return isChanged;
}

/** Creates or changes the source, or leaves it as it is. */
async function bringAbout(client: DremioClient, wanted: Config): Promise<boolean> {
  const existing = await client.find(byPath(sourceName), source);
  if (existing === undefined) {
    const named = { entityType: "source", type: "NESSIE", name: sourceName };
    await client.create("/api/v3/catalog", { ...named, ...refreshing, config: wanted }, source);
    return true;
  }
  if (existing.type !== "NESSIE") {
    throw new UserError(`Dremio has a source ${sourceName} that is ${existing.type}, not NESSIE`, {
      cure: "Give it another name, or remove it.",
    });
  }
  if (isAsWanted(existing, wanted)) return false;
  const path = `/api/v3/catalog/${encodeURIComponent(existing.id)}`;
  const config = { ...existing.config, ...wanted };
  // What Dremio adds when it shows a source is not sent back.
  const shown = { children: undefined, state: undefined };
  await client.change(path, { ...existing, ...shown, ...refreshing, config }, source);
  return true;
}

/**
 * A conflict: another run was faster. Or a refusal: Dremio connects before it takes a source, and tells
 * of a catalog that is not there in many words ("Make sure that the Nessie server is up and running").
 * Only of settings that it does not know it always says the same.
 */
function isPassing(error: unknown): boolean {
  if (!(error instanceof DremioError)) return false;
  return (
    error.status === 409 || (error.status === 400 && !error.reason.startsWith("Invalid value"))
  );
}

class BadStateError extends Error {}

async function requireGood(client: DremioClient): Promise<void> {
  const { state } = (await client.find(byPath(sourceName), source)) ?? {};
  // Warnings are told on Dremio's page; queries are answered.
  if (state?.status === "good" || state?.status === "warn") return;
  const messages = (state?.messages ?? []).map(({ message }) => message).join("; ");
  throw new BadStateError(`the source ${sourceName} is ${state?.status ?? "away"}: ${messages}`);
}

type Config = ReturnType<typeof sourceConfig>;

/** The settings of Dremio's NessiePluginConfig; what is not named has its default. */
function sourceConfig({
  nessieUri,
  objectStorage: { endpoint, accessKey, secretKey },
}: Pick<Settings, "nessieUri" | "objectStorage">) {
  const { host, protocol } = new URL(endpoint);
  const isSecure = protocol === "https:";
  const properties = {
    "fs.s3a.endpoint": host,
    "fs.s3a.path.style.access": "true",
    "fs.s3a.connection.ssl.enabled": String(isSecure),
    // Else Dremio asks Amazon for the bucket's region.
    "dremio.s3.compat": "true",
    // Dremio gives no secrets back. By this, which only we read, other keys are noticed.
    "lakehouse.keys": createHash("sha256").update(`${accessKey}:${secretKey}`).digest("hex"),
  };
  return {
    nessieEndpoint: nessieUri,
    nessieAuthType: "NONE",
    storageProvider: "AWS",
    credentialType: "ACCESS_KEY",
    awsAccessKey: accessKey,
    awsAccessSecret: secretKey,
    awsRootPath: "warehouse",
    secure: isSecure,
    propertyList: Object.entries(properties).map(([name, value]) => ({ name, value })),
  };
}

/** Compares what can be compared: the secret comes back masked. */
function isAsWanted(existing: Source, wanted: Config): boolean {
  const { awsAccessSecret: masked } = existing.config;
  return (
    contains(existing, refreshing) &&
    contains(existing.config, { ...wanted, awsAccessSecret: masked })
  );
}

function contains(actual: Record<string, unknown>, wanted: Record<string, unknown>): boolean {
  return Object.entries(wanted).every(([key, value]) =>
    isDeepStrictEqual(comparable(actual[key]), comparable(value)),
  );
}

/** The order of properties means nothing. */
function comparable(value: unknown): unknown {
  if (!Array.isArray(value)) return value;
  return value.map((one: Property) => `${one.name}=${one.value}`).toSorted();
}

interface Property {
  readonly name: string;
  readonly value: string;
}
