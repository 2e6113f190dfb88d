import { InvalidInputs } from "../runtime/provider.ts";
import type { CheckOperation } from "../runtime/provider.ts";
import { isProperties, isUnknown } from "../runtime/values.ts";
import { Unreachable } from "./client.ts";
import { autoName } from "./names.ts";
import { annotation, hasTrueAnnotation, omit, SERVER_METADATA } from "./objects.ts";
import type { KubernetesObject, ObjectMetadata } from "./objects.ts";
import type { KubernetesContext } from "./settings.ts";
import type { ObjectKind } from "./tokens.ts";

/** Gives an object its kind, a name and a namespace, where the program leaves them out. */
export async function checkObject(
  kind: ObjectKind,
  inputs: Partial<KubernetesObject>,
  operation: CheckOperation<KubernetesContext>,
): Promise<KubernetesObject> {
  const { metadata } = inputs;
  if (isUnknown(metadata)) return { ...kind, ...inputs, metadata }; // A preview; all is known later.
  const given = omit(metadata ?? {}, SERVER_METADATA) as ObjectMetadata;
  const named = withName(given, operation);
  try {
    return { ...kind, ...inputs, metadata: await withNamespace(kind, named, operation) };
  } catch (error) {
    const { context, old } = operation;
    const isSkipped = error instanceof Unreachable && context?.settings.skipUpdateUnreachable;
    if (isSkipped && old !== undefined) return old as KubernetesObject;
    throw error;
  }
}

function withName(
  metadata: ObjectMetadata,
  { name, randomSeed, old }: CheckOperation<KubernetesContext>,
): ObjectMetadata {
  if (metadata.name !== undefined) return metadata;
  if (metadata["generateName"] !== undefined) {
    const reason = "cannot be used with server-side apply. Leave it out: a unique name is made";
    throw new InvalidInputs([{ property: "metadata.generateName", reason }]);
  }
  const recorded = old as KubernetesObject | undefined;
  const isKept = recorded !== undefined && hasTrueAnnotation(recorded, annotation.autonamed);
  const annotations: unknown = metadata.annotations;
  return {
    ...metadata,
    name: (isKept ? recorded.metadata.name : undefined) ?? autoName(name, randomSeed),
    annotations: {
      ...(isProperties(annotations) ? (annotations as Record<string, string>) : {}),
      [annotation.autonamed]: "true",
    },
  };
}

async function withNamespace(
  kind: ObjectKind,
  metadata: ObjectMetadata,
  { context }: CheckOperation<KubernetesContext>,
): Promise<ObjectMetadata> {
  if (metadata.namespace !== undefined || context === undefined) return metadata;
  const resource = await context.cluster.discovery.find(kind);
  // A kind whose definition is yet to be installed is most likely a namespaced one.
  const isNamespaced = resource?.isNamespaced ?? true;
  return isNamespaced ? { ...metadata, namespace: context.defaultNamespace } : metadata;
}
