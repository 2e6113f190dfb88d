import type { z } from "zod";
import type { Change } from "./diff.ts";
import { listen } from "./server.ts";
import type { Path, Properties } from "./values.ts";

const PARENT_POLL_MS = 1_000;

/** Inputs and outputs of a resource as they were last recorded. */
export interface State<Inputs> {
  readonly inputs: Inputs;
  /** Everything the program can read: the inputs with what the resource type returned laid over. */
  readonly outputs: Properties;
}

/** What a resource type may use while it works. */
export interface Operation<Context> {
  /** What `configure` returned. */
  readonly context: Context;
  readonly urn: string;
  /** The resource's logical name, the first argument of its constructor. */
  readonly name: string;
  /** The resource type's token, such as `kafka:index/topic:Topic`. */
  readonly token: string;
  /** Aborted when the user interrupts, or when the operation's time is over. */
  readonly signal: AbortSignal;
  /** `customTimeouts` of this resource for this operation, in milliseconds, if it has any. */
  readonly timeoutMs: number | undefined;
  /** Paths of inputs that do not count (the resource option `ignoreChanges`). */
  readonly ignoreChanges: readonly string[];
  /** Where the inputs are secret; with `markSecrets` for outputs that repeat inputs elsewhere. */
  readonly secretPaths: readonly Path[];
  /** Says what is being waited for. Shown beside the resource, replaced by the next one. */
  readonly status: (message: string) => void;
  /** A warning that stays on the screen after the update. */
  readonly warn: (message: string) => void;
}

/** What `check` may use. It runs before the provider is necessarily configured. */
export interface CheckOperation<Context> {
  /** Absent while the provider's own configuration is not known yet (a preview). */
  readonly context: Context | undefined;
  readonly urn: string;
  readonly name: string;
  readonly token: string;
  /** Bytes that are the same in a preview and in the update it announces, for generated names. */
  readonly randomSeed: Uint8Array;
  /** The checked inputs of the last update. Absent for a new resource and for a replacement. */
  readonly old: Properties | undefined;
}

/** How a resource differs from what was recorded. */
export interface Difference {
  readonly changes: readonly Change[];
  /** True if a replacement must first delete the old one, for instance because its name is taken. */
  readonly deleteBeforeReplace?: boolean;
}

/**
 * One kind of resource. Values are plain data: secrets come unwrapped and the runtime keeps them
 * secret in the outputs, at the same path. During a preview any value may be `UNKNOWN`; `create`,
 * `read`, `update` and `delete` never see it.
 */
export interface ResourceType<Schema extends z.ZodObject, Context> {
  /** All inputs that are covered. Unknown ones are refused by name; defaults are filled in. */
  readonly inputs: Schema;
  /** Names of outputs that are known only once the resource exists. Unknown while previewed. */
  readonly computed?: readonly string[];
  /** Names of inputs that are always secret, even if the program does not say so. */
  readonly secretInputs?: readonly string[];
  /** Names of outputs that are always secret. */
  readonly secretOutputs?: readonly string[];
  /** Inputs, as paths such as `name` or `lifecycle.days`, whose change needs a new resource. */
  readonly replaceOn?: readonly string[];
  /** True if a replacement must first delete the old one, for instance because the name is fixed. */
  readonly deleteBeforeReplace?: boolean;
  /**
   * Time an operation may take where the program gives none, in milliseconds; `null` if the type
   * keeps the time itself, by `operation.timeoutMs`.
   * @default 300000
   */
  readonly defaultTimeoutMs?: number | null;

  /**
   * Completes and judges inputs beyond what the schema says. Throw `InvalidInputs` to refuse them.
   */
  check?(
    inputs: z.infer<Schema>,
    operation: CheckOperation<Context>,
  ): z.infer<Schema> | Promise<z.infer<Schema>>;

  /**
   * @default compares the recorded inputs with the new ones; `replaceOn` says which replace.
   */
  diff?(
    id: string,
    old: State<z.infer<Schema>>,
    inputs: z.infer<Schema>,
    operation: Operation<Context>,
  ): Difference | Promise<Difference>;

  /**
   * What the outputs will be, for a preview.
   * @default the inputs, with `computed` outputs unknown (new resource) or as recorded (update)
   */
  preview?(
    inputs: z.infer<Schema>,
    old: State<z.infer<Schema>> | undefined,
    operation: Operation<Context>,
  ): Promise<Properties>;

  /**
   * Makes the resource and waits until it is usable. Throw `Incomplete` if it exists but failed to
   * become usable, so that the next update takes it up again; any other error means nothing is left.
   */
  create(
    inputs: z.infer<Schema>,
    operation: Operation<Context>,
  ): Promise<{ id: string; outputs: Properties }>;

  /**
   * The real state, for `refresh` and `import`; `undefined` if it does not exist (any more).
   * `old` is absent for an import.
   */
  read(
    id: string,
    old: State<z.infer<Schema>> | undefined,
    operation: Operation<Context>,
  ): Promise<{ inputs: z.infer<Schema>; outputs: Properties } | undefined>;

  /** Changes the resource in place and returns its outputs. @default every change replaces */
  update?(
    id: string,
    old: State<z.infer<Schema>>,
    inputs: z.infer<Schema>,
    operation: Operation<Context>,
  ): Promise<Properties>;

  /** Removes the resource and waits until it is gone. One that is gone already is no error. */
  delete(id: string, old: State<z.infer<Schema>>, operation: Operation<Context>): Promise<void>;
}

/** A whole provider: its configuration and its resource types. */
export interface ProviderDefinition<ConfigSchema extends z.ZodObject, Context> {
  /** The package's name, such as `kafka`. */
  readonly name: string;
  /** Version of the official plugin that this one stands in for. */
  readonly version: string;
  /** Provider arguments that are covered. Values may come as JSON text, as Pulumi's SDKs send them. */
  readonly config: ConfigSchema;
  /** Makes what the resource types share, such as a client. Must not talk to the server yet. */
  configure(config: z.infer<ConfigSchema>): Context | Promise<Context>;
  /** Resource types by token, or a function that finds one (`undefined` if it is not covered). */
  readonly resources:
    ResourceTypes<Context> | ((token: string) => AnyResourceType<Context> | undefined);
}

/** A resource type whose schema is not known to the caller. */
export type AnyResourceType<Context> = ResourceType<z.ZodObject, Context>;
export type ResourceTypes<Context> = Readonly<Record<string, AnyResourceType<Context>>>;

/** Lets TypeScript infer the inputs' type of a resource type from its schema. */
export function resourceType<Schema extends z.ZodObject, Context>(
  type: ResourceType<Schema, Context>,
): AnyResourceType<Context> {
  // Methods are checked bivariantly: each one is only ever called with values of its own schema.
  return type;
}

/** Inputs that cannot work. Thrown by `check`. */
export class InvalidInputs extends Error {
  readonly failures: readonly InputFailure[];

  constructor(failures: readonly InputFailure[]) {
    super(failures.map(({ property, reason }) => `${property}: ${reason}`).join("; "));
    this.name = "InvalidInputs";
    this.failures = failures;
  }
}

export interface InputFailure {
  /** Path of the input, such as `partitions`. */
  readonly property: string;
  /** What is wrong with it and what would be right. */
  readonly reason: string;
}

/**
 * The resource exists, yet is not (or no longer) usable. Its state is recorded, and the next update
 * calls `update` on it even if no input changed. Thrown by `create`, `update` and `read`.
 */
export class Incomplete extends Error {
  readonly id: string;
  readonly outputs: Properties;
  /** For `read`: the real inputs. @default those of the request */
  readonly inputs: Properties | undefined;

  constructor(
    message: string,
    state: { id: string; outputs: Properties; inputs?: Properties; cause?: unknown },
  ) {
    super(message, { cause: state.cause });
    this.name = "Incomplete";
    this.id = state.id;
    this.outputs = state.outputs;
    this.inputs = state.inputs;
  }
}

/**
 * Runs a provider as Pulumi's plugin protocol wants it: serves on a free loopback port, whose number
 * is the first line on stdout, until the engine ends the process.
 */
export async function serve<ConfigSchema extends z.ZodObject, Context>(
  definition: ProviderDefinition<ConfigSchema, Context>,
): Promise<void> {
  exitWithParent();
  // The engine's address is the only positional argument.
  const engineAddress = process.argv.slice(2).find((argument) => !argument.startsWith("-"));
  const { port } = await listen(definition, engineAddress);
  process.stdout.write(`${port}\n`);
}

/** A killed engine cannot end its plugins, and one that works on would meet the next run's. */
function exitWithParent(): void {
  const parent = process.ppid;
  setInterval(() => {
    if (process.ppid !== parent) process.exit(1);
  }, PARENT_POLL_MS).unref();
}
