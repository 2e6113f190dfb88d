import { randomBytes } from "node:crypto";
import type { z } from "zod";
import type {
  Difference,
  Operation,
  ProviderDefinition,
} from "../../providers/runtime/provider.ts";
import { InvalidInputs } from "../../providers/runtime/provider.ts";
import { formatPath } from "../../providers/runtime/values.ts";
import type { Properties } from "../../providers/runtime/values.ts";
import { validate } from "../../providers/runtime/validate.ts";

/** Longest time an operation of a test may take, in milliseconds. */
const TIMEOUT_MS = 60_000;

/**
 * Reads where a system under test listens, and the provider's arguments for it, from the environment.
 * There is nothing to test without it, so its absence is a failure.
 */
export function endpointFrom(variable: string): Properties {
  const value = process.env[variable];
  if (value === undefined) {
    throw new Error(`${variable} is not set: give the provider's arguments as a JSON object`);
  }
  return JSON.parse(value) as Properties;
}

/** A name that no other run uses. */
export function uniqueName(prefix: string): string {
  return `${prefix}-${randomBytes(4).toString("hex")}`;
}

/** Runs the resource types of a provider as the engine does, without an engine. */
export class ProviderHarness<Schema extends z.ZodObject, Context> {
  readonly warnings: string[] = [];
  readonly context: Context;
  private readonly definition: ProviderDefinition<Schema, Context>;

  private constructor(definition: ProviderDefinition<Schema, Context>, context: Context) {
    this.definition = definition;
    this.context = context;
  }

  static async start<Schema extends z.ZodObject, Context>(
    definition: ProviderDefinition<Schema, Context>,
    config: Properties,
  ): Promise<ProviderHarness<Schema, Context>> {
    const context = await definition.configure(definition.config.parse(config));
    return new ProviderHarness(definition, context);
  }

  /** The inputs as they are recorded: judged, with defaults and a name. */
  async check(token: string, inputs: Properties, old?: Properties): Promise<Properties> {
    const type = this.typeOf(token);
    const judged = validate(type.inputs, inputs);
    if (!judged.ok) throw new InvalidInputs(judged.failures);
    const checked = await type.check?.(judged.values, {
      context: this.context,
      urn: urnOf(token),
      name: "resource",
      token,
      randomSeed: randomBytes(32),
      old,
    });
    return checked ?? judged.values;
  }

  async create(token: string, inputs: Properties): Promise<Deployed<Schema, Context>> {
    const checked = await this.check(token, inputs);
    const { id, outputs } = await this.typeOf(token).create(checked, this.operation(token));
    return new Deployed(this, token, id, { inputs: checked, outputs: { ...checked, ...outputs } });
  }

  /** `undefined` if there is none of this id. */
  async import(token: string, id: string): Promise<Deployed<Schema, Context> | undefined> {
    const found = await this.typeOf(token).read(id, undefined, this.operation(token));
    return found && new Deployed(this, token, id, found);
  }

  typeOf(token: string) {
    const { resources } = this.definition;
    const type = typeof resources === "function" ? resources(token) : resources[token];
    if (type === undefined) throw new Error(`${token} is not covered`);
    return type;
  }

  operation(token: string): Operation<Context> {
    return {
      context: this.context,
      urn: urnOf(token),
      name: "resource",
      token,
      signal: AbortSignal.timeout(TIMEOUT_MS),
      timeoutMs: undefined,
      ignoreChanges: [],
      secretPaths: [],
      status: () => undefined,
      warn: (message) => this.warnings.push(message),
    };
  }
}

interface RecordedState {
  inputs: Properties;
  outputs: Properties;
}

/** A resource as the engine's state knows it. */
export class Deployed<Schema extends z.ZodObject, Context> {
  readonly id: string;
  private readonly harness: ProviderHarness<Schema, Context>;
  private readonly token: string;
  private state: RecordedState;

  constructor(
    harness: ProviderHarness<Schema, Context>,
    token: string,
    id: string,
    state: RecordedState,
  ) {
    this.harness = harness;
    this.token = token;
    this.id = id;
    this.state = state;
  }

  get inputs(): Properties {
    return this.state.inputs;
  }

  get outputs(): Properties {
    return this.state.outputs;
  }

  /** What an update would change: `path` in place, `path!` by replacement. */
  async diff(inputs: Properties): Promise<string[]> {
    const { changes } = await this.difference(inputs);
    return changes.map(({ path, replace }) => `${formatPath(path)}${replace ? "!" : ""}`);
  }

  async difference(inputs: Properties): Promise<Difference> {
    const type = this.harness.typeOf(this.token);
    const checked = await this.harness.check(this.token, inputs, this.state.inputs);
    if (type.diff === undefined) throw new Error(`${this.token} has no diff of its own`);
    const operation = this.harness.operation(this.token);
    const difference = await type.diff(this.id, this.state, checked, operation);
    // As the runtime has it: where nothing can be updated, every change replaces.
    const changes = difference.changes.map((change) => ({
      ...change,
      replace: change.replace || type.update === undefined,
    }));
    return { ...difference, changes };
  }

  async update(inputs: Properties): Promise<void> {
    const type = this.harness.typeOf(this.token);
    if (type.update === undefined) throw new Error(`${this.token} cannot be updated`);
    const checked = await this.harness.check(this.token, inputs, this.state.inputs);
    const operation = this.harness.operation(this.token);
    const outputs = await type.update(this.id, this.state, checked, operation);
    this.state = { inputs: checked, outputs: { ...checked, ...outputs } };
  }

  /** Takes over the real state. False if the resource is gone. */
  async refresh(): Promise<boolean> {
    const type = this.harness.typeOf(this.token);
    const found = await type.read(this.id, this.state, this.harness.operation(this.token));
    if (found === undefined) return false;
    this.state = { inputs: found.inputs, outputs: { ...found.inputs, ...found.outputs } };
    return true;
  }

  async delete(): Promise<void> {
    const type = this.harness.typeOf(this.token);
    await type.delete(this.id, this.state, this.harness.operation(this.token));
  }
}

function urnOf(token: string): string {
  return `urn:pulumi:test::test::${token}::resource`;
}
