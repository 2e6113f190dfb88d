import { randomUUID } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** An entity of the catalog, a reflection or a setting, as JSON. */
export type Entity = Record<string, unknown>;

/** A request that was answered. */
export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly status: number;
}

/** Answers a request with a status and, mostly, Dremio's error body. */
class Refusal extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

const maskedSecret = "$DREMIO_EXISTING_VALUE$";
const freshOnly = "reflections.planning.current_iceberg_data_only";

/**
 * Stands in for Dremio's REST API. Written after the sources of Dremio 25.2.0
 * (https://github.com/dremio/dremio-oss, dac/backend and plugins/dataplane), as far as the bootstrap
 * uses it: who may ask what, what is checked, and how failures are told. Its tests can make it late,
 * forgetful or old.
 */
export class DremioStandIn {
  /** Every request since the start, or since it was emptied. */
  readonly asked: Asked[] = [];
  readonly entities = new Map<string, Entity>();
  readonly reflections = new Map<string, Entity>();
  readonly settings = new Map<string, Entity>([
    [freshOnly, { type: "BOOLEAN", id: freshOnly, value: false }],
  ]);
  /** Tables of the Nessie source, by their path. */
  readonly tables = new Map<string, readonly string[]>();
  /** What the login reports. */
  version = "25.2.0-202410241428100111-a963b970";
  /** The settings of a Nessie source that this version knows. */
  readonly nessieFields = new Set(nessieFields);
  /** Requests until the server has started; before, it answers 503. */
  startsAfter = 0;
  /** Source creations until Nessie answers Dremio. */
  nessieStartsAfter = 0;
  /** Looks at a new source until its state is good. */
  sourceIsBadFor = 0;
  /** Fails a request with the status that it returns, or cuts its connection. */
  interfere: ((method: string, path: string) => number | "cut" | undefined) | undefined;
  #user: { name: string; password: string } | undefined;
  readonly #tokens = new Set<string>();
  readonly #server = createServer((request, response) => void this.#serve(request, response));

  /** Starts it on a free port, or on the given one. */
  async start(port = 0): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(port, "127.0.0.1", resolve));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  /** Registers a user as if by hand. */
  register(name: string, password: string): void {
    this.#user = { name, password };
  }

  /** Forgets who is signed in, as after the time of a token, or a restart. */
  expireTokens(): void {
    this.#tokens.clear();
  }

  /** What was asked that could change something; signing in does not. */
  get writes(): string[] {
    return this.asked
      .filter(({ method, path }) => method !== "GET" && path !== "/apiv2/login")
      .map(({ method, path }) => `${method} ${path}`);
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = "", url = "" } = request;
    const chunks = (await request.toArray()) as Buffer[];
    const text = Buffer.concat(chunks).toString();
    const interference = this.interfere?.(method, url);
    if (interference === "cut") {
      request.socket.destroy();
      return;
    }
    let status = 200;
    let body: unknown;
    try {
      if (interference !== undefined)
        throw new Refusal(interference, `Something is wrong: ${text}`);
      body = this.#answer(method, url, request, text === "" ? undefined : JSON.parse(text));
    } catch (error) {
      const refusal = error as Refusal;
      status = refusal.status;
      body = { errorMessage: refusal.message, moreInfo: "", stackTrace: null };
    }
    this.asked.push({ method, path: url, status });
    response.writeHead(status, { "content-type": "application/json" });
    // DACAuthFilter refuses without a body.
    response.end(status === 401 && url !== "/apiv2/login" ? "" : JSON.stringify(body));
  }

  #answer(method: string, url: string, request: IncomingMessage, body: unknown): unknown {
    if (this.startsAfter > 0) {
      this.startsAfter -= 1;
      throw new Refusal(503, "");
    }
    const path = url.split("/").slice(1).map(decodeURIComponent);
    const route = `${method} ${path.slice(0, 3).join("/")}`;
    if (route === "PUT apiv2/bootstrap/firstuser") return this.#createFirstUser(body as Entity);
    // NoUserFilter is before everything but the bootstrap, also before the login.
    if (this.#user === undefined) throw new Refusal(403, "No User Available");
    if (route === "POST apiv2/login") return this.#login(body as Entity);
    const token = /^_dremio(.+)$/.exec(request.headers.authorization ?? "")?.[1];
    if (token === undefined || !this.#tokens.has(token)) throw new Refusal(401, "");
    switch (route) {
      case "GET apiv2/settings/reflections.planning.current_iceberg_data_only":
        return this.#setting(path[2]);
      case "PUT apiv2/settings/reflections.planning.current_iceberg_data_only":
        this.#setting(path[2]);
        this.settings.set(freshOnly, body as Entity);
        return body;
      case "GET api/v3/catalog":
        return this.#find(path.slice(4));
      case "POST api/v3/catalog":
        return this.#create(body as Entity);
      case "PUT api/v3/catalog":
        return this.#change(path[3], body as Entity);
      case "GET api/v3/dataset":
        return {
          data: [...this.reflections.values()].filter((one) => one["datasetId"] === path[3]),
        };
      case "POST api/v3/reflection":
        return this.#saveReflection(randomUUID(), body as Entity);
      case "PUT api/v3/reflection":
        return this.#changeReflection(path[3] ?? "", body as Entity);
      default:
        throw new Refusal(404, "HTTP 404 Not Found");
    }
  }

  /** BootstrapResource and SimpleUserService. */
  #createFirstUser({ userName, password }: Entity): Entity {
    if (this.#user !== undefined) {
      throw new Refusal(400, "First user can only be created when no user is already registered");
    }
    require(typeof userName === "string" && !/[":]/.test(userName), "Invalid user name.");
    require(typeof password === "string" &&
      /(?=.*[0-9])(?=.*[a-zA-Z]).{8,}/.test(
        password,
      ), "Invalid password: must be at least 8 letters long, must contain at least one number and one letter");
    this.#user = { name: userName as string, password: password as string };
    return { userName };
  }

  /** LogInLogOutResource */
  #login({ userName, password }: Entity): Entity {
    if (userName !== this.#user?.name || password !== this.#user?.password) {
      throw new Refusal(401, "Login failed: Invalid username or password");
    }
    const token = randomUUID();
    this.#tokens.add(token);
    return { token, userName, expires: Date.now() + 108_000_000, version: this.version };
  }

  /** SettingsResource */
  #setting(id = ""): Entity {
    const setting = this.settings.get(id);
    if (setting === undefined) throw new Refusal(404, "");
    return setting;
  }

  /** CatalogResource.getCatalogItemByPath */
  #find(path: readonly string[]): Entity {
    const key = path.join(".");
    const entity = this.entities.get(key) ?? this.#findTable(path);
    if (entity === undefined) {
      throw new Refusal(404, `Could not find entity with path [[${path.join(", ")}]]`);
    }
    if (entity["entityType"] !== "source") return entity;
    const isBad = this.sourceIsBadFor > 0;
    this.sourceIsBadFor -= isBad ? 1 : 0;
    const config = entity["config"] as Entity;
    return {
      // Source's fields are Java's long, so what was not sent is 0.
      ...{ accelerationRefreshPeriodMs: 0, accelerationGracePeriodMs: 0 },
      ...entity,
      config: { ...config, awsAccessSecret: maskedSecret },
      children: [],
      state: {
        status: isBad ? "bad" : "good",
        suggestedUserAction: "",
        messages: isBad ? [{ level: "ERROR", message: "Source is not available." }] : [],
      },
    };
  }

  #findTable(path: readonly string[]): Entity | undefined {
    const columns = this.tables.get(path.join("."));
    if (columns === undefined || !this.entities.has(path[0] ?? "")) return undefined;
    const id = { tableKey: path, contentId: "1f0e", versionContext: { type: "BRANCH" } };
    return {
      entityType: "dataset",
      type: "PHYSICAL_DATASET",
      id: JSON.stringify(id),
      path,
      fields: columns.map((name) => ({ name, type: { name: "VARCHAR" } })),
    };
  }

  /** CatalogServiceHelper.createCatalogItem */
  #create(entity: Entity): Entity {
    require(entity["id"] === undefined, "id is immutable.");
    switch (entity["entityType"]) {
      case "space":
        return this.#save(entity["name"] as string, entity);
      case "source":
        this.#requireSource(entity);
        return this.#save(entity["name"] as string, entity);
      case "dataset":
        this.#requireView(entity);
        return this.#save((entity["path"] as string[]).join("."), entity);
      default:
        throw new Refusal(400, "Invalid value.");
    }
  }

  #save(key: string, entity: Entity): Entity {
    if (this.entities.has(key)) {
      throw new Refusal(
        409,
        `A ${String(entity["entityType"])} with the name [${key}] already exists.`,
      );
    }
    const saved = { ...entity, id: randomUUID(), tag: randomUUID() };
    this.entities.set(key, saved);
    return saved;
  }

  #change(id: string | undefined, entity: Entity): Entity {
    const [key, existing] = [...this.entities].find(([, one]) => one["id"] === id) ?? [];
    if (key === undefined || existing === undefined) {
      throw new Refusal(404, `Could not find entity with id [${String(id)}]`);
    }
    require(entity["id"] === id, "Ids must match.");
    if (entity["tag"] !== existing["tag"]) {
      throw new Refusal(409, "The specified key was modified by someone else.");
    }
    if (entity["entityType"] === "source") this.#requireSource(entity);
    if (entity["entityType"] === "dataset") this.#requireView(entity);
    const saved = { ...entity, tag: randomUUID() };
    this.entities.set(key, saved);
    return saved;
  }

  /** Source, SourceService.validateSourceConfig, NessiePlugin.start and DataplanePlugin.start */
  #requireSource({ name, type, config }: Entity): void {
    require(/^[^."@]+$/.test(
      String(name),
    ), "Source name can not contain periods, double quotes or @.");
    require(type === "NESSIE", `An invalid value was found: ${String(type)}`);
    const given = config as Entity;
    const unknown = Object.keys(given).find((key) => !this.nessieFields.has(key));
    require(unknown === undefined, `Invalid value found at: config.${String(unknown)}`);
    const failed = (reason: string) =>
      `Failure creating/updating this source [${String(name)}]: ` +
      `Unable to create source [${String(name)}], ${reason}.`;
    require(given["nessieAuthType"] === "NONE", failed("bearer token provided is empty"));
    require(/^\/?[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](\/.*)?$/.test(
      String(given["awsRootPath"]),
    ), "Failure creating or updating Nessie source. Invalid AWS S3 root path. You must provide a " +
      "valid AWS S3 path. Example: /bucket-name/path");
    require(String(given["nessieEndpoint"]).endsWith("/api/v2"), failed(
      "Invalid API version in the Nessie endpoint",
    ));
    if (this.nessieStartsAfter > 0) {
      this.nessieStartsAfter -= 1;
      // NessiePluginUtils.getState, by way of ManagedStoragePlugin.
      throw new Refusal(400, "Make sure that the Nessie server is up and running");
    }
    const list = given["propertyList"] as { name: string; value: unknown }[];
    require(list.every(
      ({ value }) => typeof value === "string",
    ), "Invalid value found at: config.propertyList");
  }

  /** CatalogServiceHelper.validateDataset, and the parser, which looks for every table. */
  #requireView({ type, path, sql }: Entity): void {
    require(type === "VIRTUAL_DATASET", "Dataset type is required.");
    const [space, ...rest] = path as string[];
    require(rest.length > 0, "Dataset path should be fully qualified.");
    require(this.entities.get(space ?? "")?.["entityType"] ===
      "space", `Could not find the space, home space or versioned source with name [${String(space)}].`);
    require(!/;\s*$/.test(String(sql)), 'Failure parsing the query: Encountered ";"');
    for (const [, name = ""] of String(sql).matchAll(/\b(?:from|join)\s+([\w.]+)/gi)) {
      const parts = name.split(".");
      const isThere = this.entities.has(name) || this.#findTable(parts) !== undefined;
      const within = parts.slice(0, -1).join(".");
      require(isThere, `Object '${String(parts.at(-1))}' not found within '${within}'`);
    }
  }

  /** ReflectionUtils.validateReflectionGoalWithoutSchema and ReflectionValidator */
  #saveReflection(id: string, reflection: Entity): Entity {
    const { name, datasetId, enabled, displayFields, sortFields } = reflection;
    require(enabled !== undefined, "Reflections must have the enabled field set");
    require(typeof name === "string" && name !== "", "non-empty name required");
    const dataset = [...this.tables.keys()]
      .map((key) => this.#findTable(key.split(".")))
      .find((one) => one?.["id"] === datasetId);
    require(dataset !== undefined, "datasetId must reference an existing dataset");
    const names = (fields: unknown) => (fields as { name: string }[]).map((field) => field.name);
    const columns = names(dataset?.["fields"]);
    require(names(displayFields).length >
      0, "raw reflection must have at least one display field configured");
    for (const field of names(displayFields)) {
      require(columns.includes(
        field,
      ), `Display field contains a field name [${field}] that does not exist in the dataset`);
    }
    for (const field of names(sortFields)) {
      require(names(displayFields).includes(
        field,
      ), `sort field [${field}] must also be a display field`);
    }
    const saved = { ...reflection, id, tag: randomUUID() };
    this.reflections.set(id, saved);
    return saved;
  }

  #changeReflection(id: string, reflection: Entity): Entity {
    const existing = this.reflections.get(id);
    if (existing === undefined) throw new Refusal(404, `Reflection [${id}] not found`);
    if (reflection["tag"] !== existing["tag"]) {
      throw new Refusal(
        409,
        "The reflection seems to have been modified by another flow. Please verify the reflection " +
          "definition and retry.",
      );
    }
    return this.#saveReflection(id, reflection);
  }
}

/** Throws what Dremio makes of a failed check. */
function require(isFulfilled: boolean, message: string): void {
  if (!isFulfilled) throw new Refusal(400, message);
}

/** The fields of NessiePluginConfig and AbstractDataplanePluginConfig that have to do with S3. */
const nessieFields = new Set([
  "nessieEndpoint",
  "nessieAuthType",
  "nessieAccessToken",
  "storageProvider",
  "credentialType",
  "awsAccessKey",
  "awsAccessSecret",
  "awsRootPath",
  "awsProfile",
  "assumedRoleARN",
  "secure",
  "propertyList",
  "asyncEnabled",
  "isCachingEnabled",
  "maxCacheSpacePct",
  "defaultCtasFormat",
]);
