import { existsSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";

import { LocalWorkspace, type Stack } from "@pulumi/pulumi/automation/index.js";

import program from "../../index.ts";
import { UserError } from "../errors.ts";
import { withLock } from "../host/lock.ts";
import { stateDir } from "../host/paths.ts";
import type { Progress } from "../progress.ts";
import { ensurePulumi } from "./cli.ts";
import { EventLog } from "./events.ts";
import { ensureHelm } from "./helm.ts";
import type { Outcome } from "./outcome.ts";
import { ensurePlugins, type PluginChoice } from "./plugins.ts";
import { backend, environment, prepareWorkspace } from "./workspace.ts";

const project = "lakehouse";

export interface StackOptions {
  /** Pulumi.<stack>.yaml is its config. */
  readonly stack: string;
  readonly kubeconfig: string;
  /** @default auto */
  readonly plugins?: PluginChoice;
}

/** One stack of index.ts under Pulumi's own engine. Runs of one stack wait for each other. */
export class PlatformStack {
  readonly #options: StackOptions;

  constructor(options: StackOptions) {
    this.#options = options;
  }

  /**
   * Deploys the program, or brings the deployment up to date.
   * @returns what was made, changed or removed.
   * @throws UserError with what the failed resources said.
   */
  async up(progress: Progress): Promise<Outcome> {
    return this.#run("The deployment", progress, async (stack, { onEvent }) => {
      await stack.up({ onEvent, suppressProgress: true });
    });
  }

  /** What `up` would do; without changes when nothing. */
  async preview(progress: Progress): Promise<Outcome> {
    return this.#run("The preview", progress, async (stack, { onEvent }) => {
      await stack.preview({ onEvent });
    });
  }

  /** Removes everything that the stack deployed, in order, and then the stack. */
  async destroy(progress: Progress): Promise<Outcome> {
    return this.#run("The removal", progress, async (stack, { onEvent }) => {
      await stack.destroy({ onEvent, suppressProgress: true });
      await stack.workspace.removeStack(this.#options.stack);
    });
  }

  /** Forgets a deployment whose cluster no longer exists. */
  async forget(progress: Progress): Promise<void> {
    if (!this.exists()) return;
    await this.#run("Forgetting the old deployment", progress, async (stack) => {
      await stack.workspace.removeStack(this.#options.stack, { force: true });
    });
  }

  /** Whether this clone has state of the stack. */
  exists(): boolean {
    const file = join(backend, ".pulumi", "stacks", project, `${this.#options.stack}.json`);
    return existsSync(file);
  }

  async #run(
    what: string,
    progress: Progress,
    action: (stack: Stack, log: EventLog) => Promise<void>,
  ): Promise<EventLog> {
    const lock = join(stateDir, "locks", `stack-${this.#options.stack}`);
    return withLock(lock, async () => {
      const stack = await this.#open(progress);
      await this.#recover(stack, progress);
      const log = new EventLog(progress);
      try {
        await action(stack, log);
      } catch (error) {
        throw new UserError(`${what} failed`, {
          cure: "Mend what is said above and run the command again: it goes on where this one ended. `npm run status` and `npm run logs` tell more.",
          log: log.errors || (error instanceof Error ? error.message : String(error)),
          cause: error,
        });
      }
      return log;
    });
  }

  async #open(progress: Progress): Promise<Stack> {
    const { stack, kubeconfig, plugins = "auto" } = this.#options;
    const pulumiCommand = await ensurePulumi(progress);
    const [helm, pluginFolder, workDir] = await Promise.all([
      ensureHelm(progress),
      ensurePlugins(plugins, pulumiCommand, progress),
      prepareWorkspace(stack),
    ]);
    return LocalWorkspace.createOrSelectStack(
      { stackName: stack, projectName: project, program },
      { workDir, pulumiCommand, envVars: environment({ kubeconfig, helm, plugins: pluginFolder }) },
    );
  }

  /**
   * Mends what a killed run left: its lock, since ours proves that no other run is alive, and the
   * operations it was in the middle of, which the providers take up again.
   */
  async #recover(stack: Stack, progress: Progress): Promise<void> {
    const locks = join(backend, ".pulumi", "locks", "organization", project, this.#options.stack);
    const stale = await readdir(locks).catch(() => []);
    if (stale.length === 0) return;
    progress("mending what an interrupted run left");
    await stack.cancel();
    const state = await stack.exportStack();
    const deployment = state.deployment as { pending_operations?: unknown[] } | undefined;
    if (deployment?.pending_operations === undefined) return;
    delete deployment.pending_operations;
    await stack.importStack(state);
  }
}
