import { KubeConfig } from "@kubernetes/client-node";
import { z } from "zod";
import { Client } from "./client.ts";
import { Cluster } from "./cluster.ts";

/** Provider arguments that are covered, with the names of the official provider. */
export const settingsSchema = z.object({
  /** Contents of a kubeconfig, or the path of one. @default $KUBECONFIG, then ~/.kube/config */
  kubeconfig: z.string().optional(),
  context: z.string().optional(),
  cluster: z.string().optional(),
  /** Namespace of objects that name none. @default the context's namespace, then `default` */
  namespace: z.string().optional(),
  /** Forgets objects, instead of failing, when the cluster is gone. */
  deleteUnreachable: z.boolean().optional(),
  /** Takes the recorded state as true, instead of failing, when the cluster is gone. */
  skipUpdateUnreachable: z.boolean().optional(),
  /** Overwrites an object that exists already, instead of failing. */
  upsertExistingObjects: z.boolean().optional(),
  /** Takes over fields that others own, instead of failing. */
  enablePatchForce: z.boolean().optional(),
  /** Changes the data of ConfigMaps in place, instead of replacing them. */
  enableConfigMapMutable: z.boolean().optional(),
  /** Changes the data of Secrets in place, instead of replacing them. */
  enableSecretMutable: z.boolean().optional(),
  /** There is no other way here, so only `true` is understood. */
  enableServerSideApply: z.literal(true).optional(),
  clusterIdentifier: z.string().optional(),
  suppressDeprecationWarnings: z.boolean().optional(),
  suppressHelmHookWarnings: z.boolean().optional(),
});

export type Settings = z.infer<typeof settingsSchema>;

/** What the resource types share. */
export interface KubernetesContext {
  readonly cluster: Cluster;
  readonly kubeConfig: KubeConfig;
  readonly settings: Settings;
  readonly defaultNamespace: string;
}

/** Reads the kubeconfig. Does not talk to the cluster yet. */
export function configure(settings: Settings): KubernetesContext {
  const kubeConfig = loadKubeConfig(settings);
  const namespace = kubeConfig.getContextObject(kubeConfig.getCurrentContext())?.namespace;
  return {
    cluster: new Cluster(new Client(kubeConfig)),
    kubeConfig,
    settings: { ...settingsFromEnvironment(), ...settings },
    defaultNamespace: settings.namespace ?? namespace ?? "default",
  };
}

/** @throws Error that says how a kubeconfig is given, if it cannot be read. */
function loadKubeConfig(settings: Settings): KubeConfig {
  try {
    return readKubeConfig(settings);
  } catch (error) {
    const { message } = error as Error;
    throw new Error(
      `The kubeconfig cannot be read (${message}). Set KUBECONFIG to the path of one, or ` +
        "`pulumi config set kubernetes:kubeconfig PATH`.",
      { cause: error },
    );
  }
}

function readKubeConfig(settings: Settings): KubeConfig {
  const kubeConfig = new KubeConfig();
  if (settings.kubeconfig === undefined) kubeConfig.loadFromDefault();
  else if (settings.kubeconfig.includes("\n") || settings.kubeconfig.startsWith("{")) {
    kubeConfig.loadFromString(settings.kubeconfig); // Contents, as YAML or JSON.
  } else kubeConfig.loadFromFile(settings.kubeconfig);

  if (settings.context !== undefined) kubeConfig.setCurrentContext(settings.context);
  if (settings.cluster === undefined) return kubeConfig;
  const current = kubeConfig.getCurrentContext();
  const { cluster } = settings;
  kubeConfig.contexts = kubeConfig.contexts.map((context) =>
    context.name === current ? { ...context, cluster } : context,
  );
  return kubeConfig;
}

/** The variables by which the official plugin configures its default provider. */
function settingsFromEnvironment(): Settings {
  const isSet = (name: string) => process.env[name] === "true";
  return {
    deleteUnreachable: isSet("PULUMI_K8S_DELETE_UNREACHABLE"),
    skipUpdateUnreachable: isSet("PULUMI_K8S_SKIP_UPDATE_UNREACHABLE"),
    upsertExistingObjects: isSet("PULUMI_K8S_UPSERT_EXISTING_OBJECTS"),
    enablePatchForce: isSet("PULUMI_K8S_ENABLE_PATCH_FORCE"),
    enableConfigMapMutable: isSet("PULUMI_K8S_ENABLE_CONFIGMAP_MUTABLE"),
    enableSecretMutable: isSet("PULUMI_K8S_ENABLE_SECRET_MUTABLE"),
  };
}
