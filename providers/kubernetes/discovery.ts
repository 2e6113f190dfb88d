import type { Client } from "./client.ts";
import type { ObjectKind } from "./tokens.ts";

/** How the API server calls a kind in its paths. */
export interface ApiResource {
  readonly apiVersion: string;
  readonly kind: string;
  /** The plural, such as `deployments`. */
  readonly plural: string;
  readonly isNamespaced: boolean;
}

/** The kinds that an API server serves. Remembered; a kind not seen yet is asked for again. */
export class Discovery {
  private readonly client: Client;
  private readonly versions = new Map<string, Promise<readonly ApiResource[]>>();

  constructor(client: Client) {
    this.client = client;
  }

  /** Finds a kind; `undefined` if the server has none, for instance before its definition is made. */
  async find({ apiVersion, kind }: ObjectKind): Promise<ApiResource | undefined> {
    const known = await this.resources(apiVersion);
    const found = known.find((resource) => resource.kind === kind);
    if (found !== undefined) return found;
    this.versions.delete(apiVersion);
    return (await this.resources(apiVersion)).find((resource) => resource.kind === kind);
  }

  private resources(apiVersion: string): Promise<readonly ApiResource[]> {
    const remembered = this.versions.get(apiVersion);
    if (remembered !== undefined) return remembered;
    const asked = this.ask(apiVersion);
    this.versions.set(apiVersion, asked);
    // A failure is not remembered: the server may be back the next time.
    asked.catch(() => this.versions.delete(apiVersion));
    return asked;
  }

  private async ask(apiVersion: string): Promise<readonly ApiResource[]> {
    const answer = await this.client.get(versionPath(apiVersion));
    const resources = (answer?.["resources"] ?? []) as readonly {
      name: string;
      kind: string;
      namespaced: boolean;
    }[];
    return resources
      .filter(({ name }) => !name.includes("/")) // Subresources, such as deployments/status.
      .map(({ name, kind, namespaced }) => ({
        apiVersion,
        kind,
        plural: name,
        isNamespaced: namespaced,
      }));
  }
}

/** Core kinds live below /api, all others below /apis. */
function versionPath(apiVersion: string): string {
  return apiVersion.includes("/") ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
}

/** Path of the objects of a kind, or of one of them. */
export function pathOf(
  resource: ApiResource,
  namespace: string | undefined,
  name?: string,
): string {
  const scope =
    resource.isNamespaced && namespace !== undefined
      ? `/namespaces/${encodeURIComponent(namespace)}`
      : "";
  const item = name === undefined ? "" : `/${encodeURIComponent(name)}`;
  return `${versionPath(resource.apiVersion)}${scope}/${resource.plural}${item}`;
}
