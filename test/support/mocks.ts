import { output, type Output, type Resource, runtime } from "@pulumi/pulumi";

import type { CatalogConnection } from "../../components/nessie.ts";

/** One resource that a program registered, with plain inputs. */
export interface Registered {
  readonly type: string;
  readonly name: string;
  readonly inputs: Record<string, unknown>;
}

/** What a program made, by name: the order of registration is not always the same. */
export class Recording {
  readonly resources: readonly Registered[];

  constructor(resources: readonly Registered[]) {
    this.resources = resources.toSorted((one, other) => one.name.localeCompare(other.name));
  }

  /** @throws Error unless there is exactly one resource of this type and logical name. */
  find(type: string, name: string): Registered {
    const found = this.all(type).filter((resource) => resource.name === name);
    if (found.length !== 1) {
      const names = this.all(type).map((resource) => resource.name);
      throw new Error(
        `${found.length} of ${type} are named "${name}"; there are: ${names.join(", ")}`,
      );
    }
    return found[0] as Registered;
  }

  all(type: string): Registered[] {
    return this.resources.filter((resource) => resource.type === type);
  }
}

export interface ProgramOptions {
  /** Stack configuration, by full key. */
  readonly config?: Readonly<Record<string, string>>;
  /** @default true, since an update waits for real servers */
  readonly preview?: boolean;
  /** Whether the program has a stack above it, as transformations of all its resources need it. @default false */
  readonly inStack?: boolean;
}

/**
 * Runs a program against mocks and waits until all its resources are registered. Every resource gets
 * its inputs as outputs; a generated password is `secret of <name>`. A function call throws. Mocks
 * are global: run one program at a time.
 */
export async function record(
  program: () => unknown,
  { config = {}, preview = true, inStack = false }: ProgramOptions = {},
): Promise<Recording> {
  const resources: Registered[] = [];
  await runtime.setMocks(
    {
      newResource: ({ type, name, inputs, custom }) => {
        const plain = unwrap(inputs) as Record<string, unknown>;
        // Components have no inputs of their own, nor has the stack.
        if (type !== "pulumi:pulumi:Stack" && custom !== false)
          resources.push({ type, name, inputs: plain });
        return { id: `id of ${name}`, state: { ...plain, ...generated(type, name) } };
      },
      call: ({ token }) => {
        throw new Error(`The program must not call ${token}`);
      },
    },
    "lakehouse",
    "unit",
    preview,
  );
  runtime.setAllConfig({ ...config });
  if (inStack) {
    await runtime.runInPulumiStack(async () => {
      await program();
      return {};
    });
  } else await program();
  await runtime.disconnect();
  return new Recording(resources);
}

/** Names of the resources that must be ready before an output is known. */
export async function waitsFor(output: Output<unknown>): Promise<string[]> {
  // Pulumi keeps this to itself, but it is what decides the order of a deployment.
  const { allResources } = output as unknown as { allResources: () => Promise<Set<Resource>> };
  const urns = [...(await allResources())].map(
    ({ urn }) => new Promise<string>((resolve) => urn.apply(resolve)),
  );
  return (await Promise.all(urns)).map((urn) => urn.split("::").at(-1) ?? urn).toSorted();
}

function generated(type: string, name: string): Record<string, unknown> {
  switch (type) {
    case "random:index/randomPassword:RandomPassword":
      return { result: `secret of ${name}` };
    case "random:index/randomId:RandomId":
      return { hex: "0123abcd" };
    case "kubernetes:core/v1:ConfigMap":
      return { metadata: { name: `${name}-1a2b3c` } };
    case "kubernetes:helm.sh/v3:Release":
      return { status: { status: "deployed" } };
    default:
      return {};
  }
}

const SIGNATURE = "4dabf18193072939515e22adb298388d";

/** Removes the wrappers of secrets, wherever they are. */
export function unwrap(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(unwrap);
  if (typeof value !== "object" || value === null) return value;
  if (SIGNATURE in value) return unwrap((value as unknown as { value: unknown }).value);
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, unwrap(item)]));
}

/** A catalog for components that are made alone. */
export const nessie: CatalogConnection = {
  uri: output("http://nessie:19120"),
  address: "http://nessie:19120",
};

/** Where a Spark job runs, and what it reads from and writes to. */
export const sparkJob = {
  namespace: "lakehouse",
  operator: { serviceAccount: output("spark-operator-spark") },
  kafka: { bootstrapServers: output("kafka:9092") },
  catalog: nessie,
  objectStorage: {
    endpoint: output("http://minio:9000"),
    credentialsSecret: output("minio-spark"),
  },
};
