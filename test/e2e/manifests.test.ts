import { KubernetesObjectApi, PatchStrategy, type KubernetesObject } from "@kubernetes/client-node";
import { beforeAll, describe, expect, it, vi } from "vitest";

import { requireDeployment } from "../../cli/deployment.ts";
import { loadKubeconfig } from "../../cli/kubeconfig.ts";
import { namespace } from "../../cli/workloads.ts";
import { testImages } from "../support/images.ts";
import { stack } from "../support/lakehouse.ts";
import { record } from "../support/mocks.ts";

vi.mock(import("../../components/images.ts"), async (original) => ({
  ...(await original()),
  readImages: () => Promise.resolve(testImages),
}));

interface Manifest extends KubernetesObject {
  readonly spec?: {
    readonly template?: {
      readonly metadata?: { readonly labels?: Record<string, string> };
      readonly spec?: { readonly volumes?: readonly object[] };
    };
    readonly volumeClaimTemplates?: readonly { readonly metadata: { readonly name: string } }[];
  };
}

/** What index.ts asks of Kubernetes with some config. */
async function manifests(config: Record<string, string>): Promise<Manifest[]> {
  const { default: lakehouse } = await import("../../index.ts");
  const { resources } = await record(lakehouse, { config });
  return resources
    .filter(({ type }) => type.startsWith("kubernetes:") && !type.includes(":helm.sh/"))
    .map(({ name, inputs: { metadata, ...rest } }) => ({
      ...rest,
      // What the provider would name by itself.
      metadata: { name, ...(metadata as object) },
    }));
}

/** The pods that a manifest makes, of a StatefulSet with the volumes that its controller adds. */
function podsOf({ spec }: Manifest) {
  if (spec?.template?.spec === undefined) return [];
  const { metadata, spec: pod } = spec.template;
  const volumes = (spec.volumeClaimTemplates ?? []).map(({ metadata: claim }) => ({
    name: claim.name,
    persistentVolumeClaim: { claimName: "dry-run" },
  }));
  return [
    {
      ...{ apiVersion: "v1", kind: "Pod" },
      metadata: { name: "dry-run", namespace, labels: metadata?.labels ?? {} },
      spec: { ...pod, volumes: [...(pod.volumes ?? []), ...volumes] },
    },
  ];
}

const identity = ({ kind, metadata }: Manifest): string => `${kind ?? ""} ${metadata?.name ?? ""}`;

describe.each([
  ["Dremio", { "lakehouse:queryEngine": "dremio" }],
  ["the Kafka page", { "lakehouse:kafkaUi": "true" }],
])("the real API server takes %s", (_, config) => {
  let added: Manifest[];
  let api: KubernetesObjectApi;

  beforeAll(async () => {
    const usual = new Set((await manifests({})).map(identity));
    added = (await manifests(config)).filter((each) => !usual.has(identity(each)));
    const { kubeconfig } = await requireDeployment(stack);
    api = KubernetesObjectApi.makeApiClient(loadKubeconfig(kubeconfig));
  });

  it("with every object that it adds", async () => {
    expect(added.length).toBeGreaterThan(2);
    for (const each of added) {
      const taken = await api
        .patch(each, undefined, "All", "tests", true, PatchStrategy.ServerSideApply)
        .catch((error: unknown) => error);
      expect(taken, identity(each)).toMatchObject({ kind: each.kind });
    }
  });

  it("with its pods, by the restricted pod security standard", async () => {
    const pods = added.flatMap(podsOf);
    expect(pods.length).toBeGreaterThan(0);
    for (const pod of pods) {
      const taken = await api.create(pod, undefined, "All").catch((error: unknown) => error);
      expect(taken).toMatchObject({ kind: "Pod" });
    }
  });
});
