import messages from "@pulumi/pulumi/proto/provider_pb.js";
import type { z } from "zod";
import { diffInputs } from "./diff.ts";
import type { EngineLog } from "./engine.ts";
import { explainAbort, NotCovered, Refusal, toInitFailure } from "./errors.ts";
import { Incomplete, InvalidInputs } from "./provider.ts";
import type {
  AnyResourceType,
  Difference,
  Operation,
  ProviderDefinition,
  State,
} from "./provider.ts";
import { validate, withDefaults } from "./validate.ts";
import { decode, encode, UNKNOWN } from "./values.ts";
import type { Path, Properties } from "./values.ts";
import { readStruct, writeDifference, writeFailures, writeStruct } from "./wire.ts";
import type { DiffResponse } from "./wire.ts";

type CheckRequest = InstanceType<typeof messages.CheckRequest>;
type CheckResponse = InstanceType<typeof messages.CheckResponse>;
type DiffRequest = InstanceType<typeof messages.DiffRequest>;
type CreateRequest = InstanceType<typeof messages.CreateRequest>;
type CreateResponse = InstanceType<typeof messages.CreateResponse>;
type ReadRequest = InstanceType<typeof messages.ReadRequest>;
type ReadResponse = InstanceType<typeof messages.ReadResponse>;
type UpdateRequest = InstanceType<typeof messages.UpdateRequest>;
type UpdateResponse = InstanceType<typeof messages.UpdateResponse>;
type DeleteRequest = InstanceType<typeof messages.DeleteRequest>;

const DEFAULT_TIMEOUT_MS = 5 * 60_000;

/** The part of a request that names the resource. */
interface ResourceRequest {
  getUrn(): string;
  getName(): string;
  getType(): string;
}

/** The methods of the protocol that are about a resource. */
export class ResourceMethods<ConfigSchema extends z.ZodObject, Context> {
  /** What `configure` returned; `undefined` as long as the configuration is not known. */
  context: Context | undefined;
  engine: EngineLog;
  private readonly definition: ProviderDefinition<ConfigSchema, Context>;
  private readonly cancelled: AbortSignal;

  constructor(
    definition: ProviderDefinition<ConfigSchema, Context>,
    engine: EngineLog,
    cancelled: AbortSignal,
  ) {
    this.definition = definition;
    this.engine = engine;
    this.cancelled = cancelled;
  }

  async check(request: CheckRequest): Promise<CheckResponse> {
    const type = this.typeOf(request);
    const news = decode(readStruct(request.getNews()));
    const olds = decode(readStruct(request.getOlds())).values;
    const response = new messages.CheckResponse();

    const judged = validate(type.inputs, news.values);
    if (!judged.ok) {
      response.setFailuresList(writeFailures(judged.failures));
      return response;
    }
    try {
      const inputs =
        (await type.check?.(judged.values, {
          ...describeResource(request),
          context: this.context,
          randomSeed: request.getRandomseed_asU8(),
          old: Object.keys(olds).length > 0 ? olds : undefined,
        })) ?? judged.values;
      response.setInputs(writeStruct(encode(inputs, [...news.secrets, ...secretInputs(type)])));
    } catch (error) {
      if (!(error instanceof InvalidInputs)) throw error;
      response.setFailuresList(writeFailures(error.failures));
    }
    return response;
  }

  async diff(request: DiffRequest): Promise<DiffResponse> {
    const type = this.typeOf(request);
    const old = recordedState(type, request);
    const { values: inputs, secrets } = decode(readStruct(request.getNews()));
    const ignoreChanges = request.getIgnorechangesList();

    const difference: Difference =
      type.diff && this.context !== undefined
        ? await type.diff(
            request.getId(),
            old,
            inputs,
            this.operation(type, request, { secrets, ignoreChanges }),
          )
        : { changes: diffInputs(old.inputs, inputs, type.replaceOn ?? [], ignoreChanges) };
    return writeDifference({
      changes: difference.changes.map((change) => ({
        ...change,
        replace: change.replace || type.update === undefined,
      })),
      deleteBeforeReplace: difference.deleteBeforeReplace ?? type.deleteBeforeReplace ?? false,
    });
  }

  async create(request: CreateRequest): Promise<CreateResponse> {
    const type = this.typeOf(request);
    const { values: inputs, secrets } = decode(readStruct(request.getProperties()));
    const response = new messages.CreateResponse();
    const operation = this.operation(type, request, { secrets, timeout: request.getTimeout() });

    if (request.getPreview()) {
      const outputs = await this.preview(type, inputs, undefined, operation);
      response.setProperties(writeStruct(encode(outputs, [...secrets, ...secretOutputs(type)])));
      return response;
    }
    const { id, outputs } = await reportFailure(type, inputs, operation, () =>
      type.create(inputs, operation),
    );
    response.setId(id);
    response.setProperties(writeOutputs(type, inputs, outputs, secrets));
    return response;
  }

  async read(request: ReadRequest): Promise<ReadResponse> {
    const type = this.typeOf(request);
    const { state, secrets } = readState(request.getInputs(), request.getProperties());
    const old = Object.keys(state.inputs).length > 0 ? state : undefined;
    const response = new messages.ReadResponse();

    const operation = this.operation(type, request, { secrets, timeout: request.getTimeout() });
    const found = await reportFailure(type, state.inputs, operation, () =>
      type.read(request.getId(), old, operation),
    );
    if (found === undefined) return response;
    response.setId(request.getId());
    response.setInputs(writeStruct(encode(found.inputs, [...secrets, ...secretInputs(type)])));
    response.setProperties(writeOutputs(type, found.inputs, found.outputs, secrets));
    return response;
  }

  async update(request: UpdateRequest): Promise<UpdateResponse> {
    const type = this.typeOf(request);
    const old = recordedState(type, request);
    const { values: inputs, secrets } = decode(readStruct(request.getNews()));
    const response = new messages.UpdateResponse();
    const operation = this.operation(type, request, {
      secrets,
      timeout: request.getTimeout(),
      ignoreChanges: request.getIgnorechangesList(),
    });

    if (request.getPreview()) {
      const outputs = await this.preview(type, inputs, old, operation);
      response.setProperties(writeStruct(encode(outputs, [...secrets, ...secretOutputs(type)])));
      return response;
    }
    const outputs = await reportFailure(type, inputs, operation, async () =>
      // Without `update` every change replaces, so this only finishes an incomplete create.
      type.update
        ? type.update(request.getId(), old, inputs, operation)
        : (await type.read(request.getId(), old, operation))?.outputs,
    );
    if (outputs === undefined) throw new Error(`${request.getId()} does not exist any more`);
    response.setProperties(writeOutputs(type, inputs, outputs, secrets));
    return response;
  }

  async delete(request: DeleteRequest): Promise<void> {
    const type = this.typeOf(request);
    const { state, secrets } = readState(request.getOldInputs(), request.getProperties());
    const operation = this.operation(type, request, { secrets, timeout: request.getTimeout() });
    await reportFailure(type, state.inputs, operation, () =>
      type.delete(request.getId(), state, operation),
    );
  }

  private typeOf(request: ResourceRequest): AnyResourceType<Context> {
    const { resources } = this.definition;
    const { token } = describeResource(request);
    const type = typeof resources === "function" ? resources(token) : resources[token];
    if (type === undefined) throw new NotCovered(token, this.definition);
    return type;
  }

  private async preview(
    type: AnyResourceType<Context>,
    inputs: Properties,
    old: State<Properties> | undefined,
    operation: Operation<Context>,
  ): Promise<Properties> {
    if (type.preview && this.context !== undefined) return type.preview(inputs, old, operation);
    const computed = Object.fromEntries((type.computed ?? []).map((name) => [name, UNKNOWN]));
    return { ...(old?.outputs ?? computed), ...inputs };
  }

  /** @param details.timeout In seconds, as the engine sends it: 0 for none. */
  private operation(
    type: AnyResourceType<Context>,
    request: ResourceRequest,
    details: {
      readonly secrets: readonly Path[];
      readonly timeout?: number;
      readonly ignoreChanges?: readonly string[];
    },
  ): Operation<Context> {
    const { urn } = describeResource(request);
    const { engine } = this;
    const timeoutMs = details.timeout ? details.timeout * 1000 : undefined;
    const limit =
      type.defaultTimeoutMs === null
        ? undefined
        : (timeoutMs ?? type.defaultTimeoutMs ?? DEFAULT_TIMEOUT_MS);
    return {
      ...describeResource(request),
      // Previews go on without; for the rest the engine has made sure that all is known.
      context: this.context as Context,
      timeoutMs,
      ignoreChanges: details.ignoreChanges ?? [],
      secretPaths: details.secrets,
      signal:
        limit === undefined ? this.cancelled : AbortSignal.any([this.cancelled, timeout(limit)]),
      status: (message) => {
        engine.status(urn, message);
      },
      warn: (message) => {
        engine.warn(urn, message);
      },
    };
  }
}

/** Aborts after a while, and says so. */
function timeout(milliseconds: number): AbortSignal {
  const controller = new AbortController();
  const message = `not done after ${milliseconds / 1000} s. Give it more time with customTimeouts`;
  setTimeout(() => {
    controller.abort(new Error(message));
  }, milliseconds).unref();
  return controller.signal;
}

/** The URN ends in `...$parent$TOKEN::NAME`; older engines send nothing else. */
function describeResource(request: ResourceRequest): { urn: string; name: string; token: string } {
  const urn = request.getUrn();
  const [, , types = "", ...name] = urn.split("::");
  return {
    urn,
    token: request.getType() || (types.split("$").at(-1) ?? ""),
    name: request.getName() || name.join("::"),
  };
}

type WireState = Parameters<typeof readStruct>[0];

function readState(
  inputs: WireState,
  outputs: WireState,
): { state: State<Properties>; secrets: readonly Path[] } {
  const decodedInputs = decode(readStruct(inputs));
  const decodedOutputs = decode(readStruct(outputs));
  return {
    state: { inputs: decodedInputs.values, outputs: decodedOutputs.values },
    secrets: [...decodedInputs.secrets, ...decodedOutputs.secrets],
  };
}

/** What is recorded of a resource, by this provider or by one that records no defaults. */
function recordedState(
  type: AnyResourceType<unknown>,
  request: DiffRequest | UpdateRequest,
): State<Properties> {
  const { state } = readState(request.getOldInputs(), request.getOlds());
  return { ...state, inputs: withDefaults(type.inputs, state.inputs) };
}

/** What a resource type says of secrets. */
type SecretNames = Pick<AnyResourceType<unknown>, "secretInputs" | "secretOutputs">;

function secretInputs({ secretInputs: names = [] }: SecretNames): readonly Path[] {
  return names.map((name) => [name]);
}

function secretOutputs({ secretOutputs: names = [] }: SecretNames): readonly Path[] {
  return names.map((name) => [name]);
}

function writeOutputs(
  type: SecretNames,
  inputs: Properties,
  outputs: Properties,
  secrets: readonly Path[],
) {
  const all = { ...inputs, ...outputs };
  return writeStruct(encode(all, [...secrets, ...secretOutputs(type)]));
}

/** Turns `Incomplete` into the answer that makes the engine record what exists. */
async function reportFailure<Result>(
  type: SecretNames,
  inputs: Properties,
  { secretPaths, signal }: Operation<unknown>,
  run: () => Promise<Result>,
): Promise<Result> {
  try {
    return await run();
  } catch (error) {
    if (!(error instanceof Incomplete)) throw explainAbort(error, signal);
    const real = error.inputs ?? inputs;
    throw new Refusal(
      toInitFailure(error, {
        inputs: encode(real, [...secretPaths, ...secretInputs(type)]),
        outputs: encode({ ...real, ...error.outputs }, [...secretPaths, ...secretOutputs(type)]),
      }),
    );
  }
}
