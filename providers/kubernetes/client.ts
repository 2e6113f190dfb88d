import { HttpMethod, IsomorphicFetchHttpLibrary, RequestContext } from "@kubernetes/client-node";
import type { KubeConfig } from "@kubernetes/client-node";
import { isProperties } from "../runtime/values.ts";
import type { Properties } from "../runtime/values.ts";

/** Time a single request may take, in milliseconds. Waiting is made of many requests. */
const REQUEST_TIMEOUT_MS = 60_000;

export interface RequestOptions {
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>;
  readonly body?: unknown;
  /** @default application/json */
  readonly contentType?: string;
  readonly signal?: AbortSignal;
}

/** The API server's answer that it will not do what was asked. */
export class ApiError extends Error {
  /** HTTP status, such as 404. */
  readonly code: number;
  /** Machine-readable reason, such as `AlreadyExists`. */
  readonly reason: string;
  /** What is wrong with which field. */
  readonly causes: readonly ApiErrorCause[];

  constructor(code: number, body: string) {
    const status = parseObject(body);
    super(typeof status["message"] === "string" ? status["message"] : body || `HTTP ${code}`);
    this.name = "ApiError";
    this.code = code;
    this.reason = typeof status["reason"] === "string" ? status["reason"] : "";
    const details = status["details"];
    const causes: unknown = isProperties(details) ? details["causes"] : undefined;
    this.causes = Array.isArray(causes) ? (causes as ApiErrorCause[]) : [];
  }

  /**
   * Whether the object itself is at fault. Server-side apply answers a value of the wrong form, or an
   * unknown field, with an internal error.
   */
  get isInvalidObject(): boolean {
    if (this.code === 400 || this.code === 422) return true;
    return this.code === 500 && /unable to convert|create typed patch object/.test(this.message);
  }
}

export interface ApiErrorCause {
  readonly reason?: string;
  readonly message?: string;
  /** Such as `spec.selector`. */
  readonly field?: string;
}

/** No answer at all: the cluster is gone, or its address is wrong. */
export class Unreachable extends Error {
  constructor(server: string, cause: unknown) {
    super(
      `The Kubernetes API server at ${server} cannot be reached (${innermostMessage(cause)}). ` +
        "Check that the cluster runs and that KUBECONFIG points to it",
      { cause },
    );
    this.name = "Unreachable";
  }
}

function innermostMessage(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.cause !== undefined) return innermostMessage(error.cause);
  return error.message || error.name;
}

/** Speaks to the API server of one cluster, in plain JSON: nothing is dropped or renamed. */
export class Client {
  private readonly config: KubeConfig;
  private readonly http = new IsomorphicFetchHttpLibrary();

  constructor(config: KubeConfig) {
    this.config = config;
  }

  get server(): string {
    return this.config.getCurrentCluster()?.server ?? "(no cluster in the kubeconfig)";
  }

  /** Sends a request; any status but 2xx is an `ApiError`. */
  async request(method: HttpMethod, path: string, options: RequestOptions = {}): Promise<string> {
    const cluster = this.config.getCurrentCluster();
    if (cluster === null) {
      throw new Error(
        "The kubeconfig names no current cluster. Set KUBECONFIG, or the provider's kubeconfig",
      );
    }
    const context = new RequestContext(`${cluster.server}${path}`, method);
    for (const [name, value] of Object.entries(options.query ?? {})) {
      if (value !== undefined) context.setQueryParam(name, String(value));
    }
    context.setHeaderParam("Accept", "application/json");
    if (options.body !== undefined) {
      context.setHeaderParam("Content-Type", options.contentType ?? "application/json");
      context.setBody(JSON.stringify(options.body));
    }
    const timeout = AbortSignal.timeout(REQUEST_TIMEOUT_MS);
    context.setSignal(options.signal ? AbortSignal.any([options.signal, timeout]) : timeout);
    await this.config.applySecurityAuthentication(context);

    const { status, text } = await this.send(context, options.signal);
    if (status < 200 || status > 299) throw new ApiError(status, text);
    return text;
  }

  /** Reads an object; `undefined` if there is none. */
  async get(path: string, options: RequestOptions = {}): Promise<Properties | undefined> {
    try {
      return parseObject(await this.request(HttpMethod.GET, path, options));
    } catch (error) {
      if (error instanceof ApiError && error.code === 404) return undefined;
      throw error;
    }
  }

  /** Reads the items of a list; none if there is no such list. */
  async list(path: string, options: RequestOptions = {}): Promise<Properties[]> {
    const items = (await this.get(path, options))?.["items"];
    return Array.isArray(items) ? items.filter(isProperties) : [];
  }

  private async send(
    context: RequestContext,
    signal: AbortSignal | undefined,
  ): Promise<{ status: number; text: string }> {
    try {
      const response = await this.http.send(context).toPromise();
      return { status: response.httpStatusCode, text: await response.body.text() };
    } catch (error) {
      signal?.throwIfAborted();
      throw new Unreachable(this.server, error);
    }
  }
}

/** A JSON object, or an empty one for anything else. */
export function parseObject(text: string): Properties {
  try {
    const value: unknown = JSON.parse(text);
    return isProperties(value) ? value : {};
  } catch {
    return {};
  }
}
