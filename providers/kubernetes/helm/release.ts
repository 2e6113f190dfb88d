import { parse } from "yaml";
import { differences, ignoring, withReplaceRules } from "../../runtime/diff.ts";
import { Incomplete, InvalidInputs, resourceType } from "../../runtime/provider.ts";
import type { CheckOperation, Difference, Operation, State } from "../../runtime/provider.ts";
import { containsUnknown, equals, markSecrets } from "../../runtime/values.ts";
import type { Properties } from "../../runtime/values.ts";
import { autoName, fieldManagerOf } from "../names.ts";
import { parseId, textAt } from "../objects.ts";
import { diagnosePods, summarizePods } from "../pods.ts";
import type { KubernetesContext } from "../settings.ts";
import { helm, HelmError } from "./command.ts";
import {
  chartArguments,
  chartDigest,
  DEFAULT_TIMEOUT_SECONDS,
  mergedValues,
  releaseInputs,
  upgradeArguments,
  writeArguments,
} from "./inputs.ts";
import type { ReleaseInputs } from "./inputs.ts";
import { isOwned, ownerArguments, readRelease, resourceNames } from "./state.ts";
import type { ReleaseAddress } from "./state.ts";

type ReleaseOperation = Operation<KubernetesContext>;

/** Milliseconds between two looks at the pods of a release that is being installed. */
const STATUS_INTERVAL_MS = 2_000;

/** Where the recorded state keeps the digest of a local chart's files. */
const DIGEST_KEY = "__chartDigest";

/** `kubernetes.helm.v3.Release`: a chart installed by the helm binary. */
export const releaseType = resourceType<typeof releaseInputs, KubernetesContext>({
  inputs: releaseInputs,
  computed: ["status", "resourceNames"],
  defaultTimeoutMs: null, // Helm keeps the time, by the input `timeout`.
  check: checkRelease,
  diff: diffRelease,

  async create(inputs, operation) {
    const { context } = operation;
    const address = addressOf(inputs);
    const existing = await readRelease(context, address);
    if (existing !== undefined && !(await isOwned(context, address, ownerOf(operation)))) {
      throw new Error(
        `Release ${address.name} in ${address.namespace} exists already and this stack did not ` +
          "make it. Uninstall it, or give this one another name",
      );
    }
    return { id: idOf(address), outputs: await write(inputs, operation) };
  },

  async read(id, old, { context, secretPaths }) {
    if (old === undefined) throw new Error("Importing a release is not covered by this stand-in");
    const address = { name: parseId(id).name, namespace: parseId(id).namespace ?? "default" };
    const release = await readRelease(context, address);
    if (release === undefined) return undefined;
    const isSame = equals(release.values, old.inputs.values ?? {});
    const inputs = {
      ...old.inputs,
      version: release.version,
      ...(isSame ? {} : { values: release.values }),
    };
    const outputs = await outputsOf(inputs, context, secretPaths);
    return { inputs, outputs: { ...outputs, [DIGEST_KEY]: old.outputs[DIGEST_KEY] } };
  },

  update: (_id, _old, inputs, operation) => write(inputs, operation),

  async delete(id, old, { context, signal }) {
    const { name, namespace } = parseId(id);
    const wait = old.inputs.skipAwait ? [] : ["--wait"];
    const timeout = ["--timeout", `${old.inputs.timeout ?? DEFAULT_TIMEOUT_SECONDS}s`];
    const args = ["uninstall", name, "--ignore-not-found", ...wait, ...timeout];
    await helm(context, args, { namespace: namespace ?? "default", signal });
  },
});

async function checkRelease(
  inputs: ReleaseInputs,
  { context, name, randomSeed, old }: CheckOperation<KubernetesContext>,
): Promise<ReleaseInputs> {
  const oldName = textAt(old, ["name"]);
  // A name that was made stays: it is the logical name and eight digits.
  const isMade = oldName !== undefined && /-[0-9a-f]{8}$/.test(oldName);
  const checked: ReleaseInputs = {
    ...inputs,
    name: inputs.name ?? (isMade ? oldName : autoName(name, randomSeed)),
    namespace: inputs.namespace ?? context?.defaultNamespace ?? "default",
    values: await mergedValues(inputs),
    ...(inputs.skipAwait ? {} : { timeout: inputs.timeout ?? DEFAULT_TIMEOUT_SECONDS }),
  };
  const { chart, version, repositoryOpts } = checked;
  if (context === undefined || containsUnknown([chart, version, repositoryOpts])) return checked;
  try {
    const text = await helm(context, ["show", "chart", chart, ...chartArguments(checked)]);
    const resolved = textAt(parse(text), ["version"]);
    return resolved === undefined ? checked : { ...checked, version: resolved };
  } catch (error) {
    if (!(error instanceof HelmError)) throw error;
    throw new InvalidInputs([{ property: "chart", reason: error.message }]);
  }
}

async function diffRelease(
  _id: string,
  old: State<ReleaseInputs>,
  inputs: ReleaseInputs,
  { ignoreChanges }: ReleaseOperation,
): Promise<Difference> {
  const recorded = old.outputs[DIGEST_KEY];
  const digest = await chartDigest(inputs.chart);
  const isLocal = recorded !== undefined && digest !== undefined;
  // The same chart in another folder is no change; another chart in the same folder is one.
  const from = isLocal ? { ...old.inputs, chart: recorded } : old.inputs;
  const to = isLocal ? { ...inputs, chart: digest } : inputs;
  const changes = ignoring(
    // The merged values tell which of the files' values have changed.
    differences({ ...from, valueYamlFiles: undefined }, { ...to, valueYamlFiles: undefined }),
    ignoreChanges,
  );
  return { changes: withReplaceRules(changes, ["name", "namespace"]) };
}

/** Installs or upgrades, whatever state an earlier, interrupted run has left. */
async function write(inputs: ReleaseInputs, operation: ReleaseOperation): Promise<Properties> {
  const { context, signal, secretPaths } = operation;
  const address = addressOf(inputs);
  const isUpgrade = await makeUpgradable(address, operation);
  const verb = isUpgrade ? ["upgrade", ...upgradeArguments(inputs)] : ["install"];
  const args = [
    ...verb,
    ...[address.name, inputs.chart],
    ...writeArguments(inputs),
    ...ownerArguments(ownerOf(operation)),
  ];
  const stop = reportPods(address, operation);
  try {
    const input = JSON.stringify(inputs.values ?? {});
    await helm(context, args, { namespace: address.namespace, input, signal });
  } catch (error) {
    throw await explainFailure(error, inputs, operation);
  } finally {
    stop();
  }
  return outputsOf(inputs, context, secretPaths);
}

/**
 * Helm refuses to touch a release whose last operation was interrupted, and to upgrade one that never
 * was deployed. Returns true if there is a release to upgrade, false if one is to be installed.
 */
async function makeUpgradable(
  address: ReleaseAddress,
  { context, signal, status }: ReleaseOperation,
): Promise<boolean> {
  const { name, namespace } = address;
  const release = await readRelease(context, address);
  if (release === undefined) return false;
  const history: unknown = JSON.parse(
    await helm(context, ["history", name, "--output", "json"], { namespace }),
  );
  const wasDeployed =
    Array.isArray(history) &&
    history.some((entry) => /deployed|superseded/.test(textAt(entry, ["status"]) ?? ""));
  if (!wasDeployed) {
    status("removing what an interrupted install has left");
    await helm(context, ["uninstall", name, "--wait"], { namespace, signal });
    return false;
  }
  if (release.status.startsWith("pending-")) {
    status("rolling back an interrupted upgrade");
    await helm(context, ["rollback", name, "--wait"], { namespace, signal });
  }
  return true;
}

/** A release that exists is recorded, so that the next update takes it up. */
async function explainFailure(
  error: unknown,
  inputs: ReleaseInputs,
  operation: ReleaseOperation,
): Promise<unknown> {
  if (!(error instanceof HelmError)) return error;
  const { context, secretPaths } = operation;
  const address = addressOf(inputs);
  const causes = await diagnosePods(await podsOf(address, context), context.cluster);
  const message = [error.message, ...causes].join("\n");
  if ((await readRelease(context, address)) === undefined) return new Error(message);
  const outputs = await outputsOf(inputs, context, secretPaths);
  return new Incomplete(message, { id: idOf(address), outputs, cause: error });
}

/** Shows what the release's pods wait for while helm waits. Returns the function that ends it. */
function reportPods(address: ReleaseAddress, { context, status }: ReleaseOperation): () => void {
  let isBusy = false;
  const timer = setInterval(() => {
    if (isBusy) return;
    isBusy = true;
    podsOf(address, context)
      .then((pods) => {
        status(summarizePods(pods).join("; "));
      })
      .catch(() => undefined) // Only a report: helm itself tells what is wrong.
      .finally(() => {
        isBusy = false;
      });
  }, STATUS_INTERVAL_MS);
  return () => {
    clearInterval(timer);
  };
}

function podsOf({ name, namespace }: ReleaseAddress, { cluster }: KubernetesContext) {
  const labelSelector = `app.kubernetes.io/instance=${name}`;
  return cluster.list({ apiVersion: "v1", kind: "Pod" }, namespace, { labelSelector });
}

async function outputsOf(
  inputs: ReleaseInputs,
  context: KubernetesContext,
  secretPaths: ReleaseOperation["secretPaths"],
): Promise<Properties> {
  const address = addressOf(inputs);
  const release = await readRelease(context, address);
  return {
    ...address,
    version: release?.version,
    resourceNames: resourceNames(release?.manifest ?? ""),
    status: {
      ...address,
      appVersion: release?.appVersion,
      chart: release?.chart,
      revision: release?.revision,
      status: release?.status,
      version: release?.version,
    },
    __inputs: markSecrets(inputs, secretPaths),
    [DIGEST_KEY]: await chartDigest(inputs.chart),
  };
}

function addressOf({ name, namespace }: ReleaseInputs): ReleaseAddress {
  return { name: name ?? "", namespace: namespace ?? "default" };
}

function idOf({ name, namespace }: ReleaseAddress): string {
  return `${namespace}/${name}`;
}

function ownerOf({ urn }: ReleaseOperation): string {
  return fieldManagerOf(urn);
}
