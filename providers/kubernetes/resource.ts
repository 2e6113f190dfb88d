import { z } from "zod";
import { ignoring, withReplaceRules } from "../runtime/diff.ts";
import { Incomplete, resourceType } from "../runtime/provider.ts";
import type { AnyResourceType, Difference, Operation, State } from "../runtime/provider.ts";
import { containsUnknown } from "../runtime/values.ts";
import type { Properties } from "../runtime/values.ts";
import { NotReady, untilReady, whyNotReady } from "./await/index.ts";
import { lookAtJob } from "./await/job.ts";
import { checkObject } from "./check.ts";
import { Unreachable } from "./client.ts";
import { addressOf } from "./cluster.ts";
import { deleteObject } from "./delete.ts";
import { compareInputs, judgeByDryRun } from "./diff.ts";
import { fieldManagerOf } from "./names.ts";
import {
  annotation,
  annotationOf,
  fromServer,
  hasTrueAnnotation,
  idOf,
  importedInputs,
  liveInputs,
  parseId,
} from "./objects.ts";
import type { KubernetesObject, LiveObject } from "./objects.ts";
import { FIELD_MANAGER_KEY, outputsOf, previewOutputs } from "./outputs.ts";
import { explainRefusal } from "./ownership.ts";
import { mustDeleteFirst, replaceRulesOf } from "./replace-rules.ts";
import type { KubernetesContext } from "./settings.ts";
import type { ObjectKind } from "./tokens.ts";
import { createObject, dryRunCreate, updateObject } from "./write.ts";
import type { WriteOptions } from "./write.ts";

type ObjectOperation = Operation<KubernetesContext>;
type ObjectState = State<KubernetesObject>;

const DELETE_TIMEOUT_MS = 10 * 60_000;

/** The API server judges the rest. */
const objectSchema = z.looseObject({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: z.looseObject({ name: z.string().optional(), namespace: z.string().optional() }),
});
const inputsSchema = objectSchema.partial() as unknown as typeof objectSchema;

/** The resource type of any kind of object. */
export function objectType(kind: ObjectKind): AnyResourceType<KubernetesContext> {
  const secretData = ["data", "stringData"];
  const isSecret = kind.apiVersion === "v1" && kind.kind === "Secret";
  return resourceType<typeof inputsSchema, KubernetesContext>({
    inputs: inputsSchema,
    defaultTimeoutMs: null,
    ...(isSecret ? { secretInputs: secretData, secretOutputs: secretData } : {}),

    check: (inputs, operation) => checkObject(kind, inputs, operation),

    diff: (_id, old, inputs, operation) => diffObject(old, inputs, operation),

    preview: (inputs, old, operation) => previewObject(inputs, old, operation),

    async create(object, operation) {
      const { cluster, settings } = operation.context;
      const options = writeOptions(object, undefined, operation);
      const upsert = settings.upsertExistingObjects ?? false;
      const applied = await createObject(cluster, object, { ...options, upsert });
      const outputs = await awaited(applied, object, options, operation, true);
      return { id: idOf(applied), outputs };
    },

    async read(id, old, operation) {
      try {
        return await readObject(kind, id, old, operation);
      } catch (error) {
        if (!(error instanceof Unreachable)) throw error;
        const { deleteUnreachable, skipUpdateUnreachable } = operation.context.settings;
        if (deleteUnreachable) return undefined;
        if (skipUpdateUnreachable && old !== undefined) return old;
        throw error;
      }
    },

    async update(_id, old, object, operation) {
      const options = writeOptions(object, old.outputs, operation);
      const { ignoreChanges } = operation;
      const { cluster } = operation.context;
      const applied = await updateObject(cluster, object, { ...options, ignoreChanges });
      return awaited(applied, object, options, operation, false);
    },

    async delete(id, old, operation) {
      const object = {
        ...kind,
        ...old.inputs,
        metadata: { ...old.inputs.metadata, ...parseId(id) },
      };
      try {
        await deleteObject(operation.context.cluster, object, {
          signal: operation.signal,
          status: operation.status,
          timeoutMs: timeoutOf(object, operation) ?? DELETE_TIMEOUT_MS,
        });
      } catch (error) {
        const { deleteUnreachable } = operation.context.settings;
        if (!(error instanceof Unreachable) || !deleteUnreachable) throw error;
        operation.warn(`${error.message}. It is forgotten, as deleteUnreachable says`);
      }
    },
  });
}

async function diffObject(
  old: ObjectState,
  current: KubernetesObject,
  operation: ObjectOperation,
): Promise<Difference> {
  const { cluster, settings } = operation.context;
  const rules = replaceRulesOf(current, settings);
  const changes = withReplaceRules(
    ignoring(compareInputs(old.inputs, current), operation.ignoreChanges),
    rules,
  );
  const deleteBeforeReplace = mustDeleteFirst(old.inputs, current);
  if (await isUnreadyJob(current, operation)) {
    const path = ["metadata", "annotations", annotation.replaceUnready];
    return { changes: [...changes, { path, kind: "update", replace: true }], deleteBeforeReplace };
  }
  if (changes.length === 0 || changes.some(({ replace }) => replace)) {
    return { changes, deleteBeforeReplace };
  }
  const { fieldManager } = writeOptions(current, old.outputs, operation);
  try {
    const judged = await judgeByDryRun(cluster, current, changes, fieldManager);
    return { changes: judged, deleteBeforeReplace };
  } catch (error) {
    throw explainRefusal(error, current);
  }
}

async function isUnreadyJob(object: KubernetesObject, operation: ObjectOperation) {
  if (object.kind !== "Job" || !hasTrueAnnotation(object, annotation.replaceUnready)) return false;
  const live = await operation.context.cluster.get(addressOf(object));
  return live !== undefined && lookAtJob(live).state !== "ready";
}

async function previewObject(
  inputs: KubernetesObject,
  old: ObjectState | undefined,
  operation: ObjectOperation,
): Promise<Properties> {
  const plain = { ...old?.outputs, ...inputs };
  if (containsUnknown(inputs)) return plain;
  const { cluster } = operation.context;
  const { fieldManager } = writeOptions(inputs, old?.outputs, operation);
  if (old === undefined) {
    const dryRun = await dryRunCreate(cluster, inputs, fieldManager);
    return dryRun ? { ...plain, ...previewOutputs(dryRun, inputs) } : plain;
  }
  try {
    const options = { fieldManager, force: true, dryRun: true };
    return { ...plain, ...previewOutputs(await cluster.apply(inputs, options), inputs) };
  } catch {
    return plain; // The update itself will say what the matter is.
  }
}

async function readObject(
  kind: ObjectKind,
  id: string,
  old: ObjectState | undefined,
  operation: ObjectOperation,
) {
  const { cluster, defaultNamespace } = operation.context;
  const { namespace, name } = parseId(id);
  const isNamespaced = (await cluster.discovery.find(kind))?.isNamespaced ?? false;
  const address = {
    ...kind,
    name,
    namespace: isNamespaced ? (namespace ?? defaultNamespace) : undefined,
  };
  const live = await cluster.get(address, operation.signal);
  if (live === undefined) return undefined;

  const inputs = old ? liveInputs(fromServer(live), old.inputs) : importedInputs(fromServer(live));
  const { fieldManager } = writeOptions(inputs, old?.outputs, operation);
  const outputs = outputsOf(live, inputs, fieldManager, operation.secretPaths);
  const reason = old && (await whyNotReady(cluster, live));
  if (reason !== undefined) throw new Incomplete(reason, { id, inputs, outputs });
  return { inputs, outputs };
}

/** Waits for an applied object; if it does not become ready, its state is recorded all the same. */
async function awaited(
  applied: LiveObject,
  inputs: KubernetesObject,
  options: WriteOptions,
  operation: ObjectOperation,
  isNew: boolean,
): Promise<Properties> {
  const outputs = (live: LiveObject) =>
    outputsOf(live, inputs, options.fieldManager, operation.secretPaths);
  const timeoutMs = timeoutOf(inputs, operation);
  try {
    const live = await untilReady(operation.context.cluster, applied, {
      signal: operation.signal,
      status: operation.status,
      isNew,
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
    });
    return outputs(live);
  } catch (error) {
    const live = error instanceof NotReady ? error.live : applied;
    const message = error instanceof Error ? error.message : String(error);
    throw new Incomplete(message, { id: idOf(live), outputs: outputs(live), cause: error });
  }
}

function writeOptions(
  object: KubernetesObject,
  recorded: Properties | undefined,
  operation: ObjectOperation,
): WriteOptions {
  const known = recorded?.[FIELD_MANAGER_KEY];
  return {
    fieldManager:
      annotationOf(object, annotation.fieldManager) ??
      (typeof known === "string" ? known : fieldManagerOf(operation.urn)),
    force:
      hasTrueAnnotation(object, annotation.patchForce) ||
      (operation.context.settings.enablePatchForce ?? false),
    signal: operation.signal,
    status: operation.status,
    timeoutMs: timeoutOf(object, operation) ?? DELETE_TIMEOUT_MS,
  };
}

/** Time that the program gives, by `customTimeouts` or annotation, in milliseconds. */
function timeoutOf(object: KubernetesObject, operation: ObjectOperation): number | undefined {
  if (operation.timeoutMs !== undefined) return operation.timeoutMs;
  const seconds = Number(annotationOf(object, annotation.timeoutSeconds) ?? NaN);
  return Number.isFinite(seconds) ? seconds * 1000 : undefined;
}
