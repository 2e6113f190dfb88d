import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import type { KubernetesContext } from "../settings.ts";

export interface HelmOptions {
  readonly namespace?: string;
  /** Given on standard input: values may hold secrets, and a command line is for all to read. */
  readonly input?: string;
  readonly signal?: AbortSignal;
}

/** The helm binary failed: its own words. */
export class HelmError extends Error {
  constructor(command: string, stderr: string, cause: unknown) {
    super(`helm ${command}: ${stderr.trim().replace(/^Error: /, "")}`, { cause });
    this.name = "HelmError";
  }

  get isNotFound(): boolean {
    return /release: not found/.test(this.message);
  }
}

/** Runs the helm binary against the provider's cluster and returns its standard output. */
export async function helm(
  context: KubernetesContext,
  args: readonly string[],
  options: HelmOptions = {},
): Promise<string> {
  const binary = process.env["LAKEHOUSE_HELM"] ?? "helm";
  return withKubeconfig(context, async (kubeArgs) => {
    const namespace = options.namespace === undefined ? [] : ["--namespace", options.namespace];
    const result = await execa(binary, [...args, ...namespace, ...kubeArgs], {
      ...(options.input === undefined ? { stdin: "ignore" as const } : { input: options.input }),
      ...(options.signal ? { cancelSignal: options.signal } : {}),
      reject: false,
    });
    if (!result.failed) return result.stdout;
    options.signal?.throwIfAborted();
    if (result.code === "ENOENT") {
      throw new Error(
        "Helm is not installed. Put helm 3 on PATH, or its path into LAKEHOUSE_HELM",
        { cause: result },
      );
    }
    throw new HelmError(args[0] ?? "", result.stderr || (result.shortMessage ?? ""), result);
  });
}

/** A kubeconfig given as text is lent to helm as a file that only its owner can read. */
async function withKubeconfig<Result>(
  { settings, kubeConfig }: KubernetesContext,
  run: (kubeArgs: readonly string[]) => Promise<Result>,
): Promise<Result> {
  const context = settings.context === undefined ? [] : ["--kube-context", settings.context];
  if (settings.kubeconfig === undefined) return run(context);
  const folder = await mkdtemp(join(tmpdir(), "helm-"));
  try {
    const file = join(folder, "kubeconfig");
    await writeFile(file, kubeConfig.exportConfig(), { mode: 0o600 });
    return await run(["--kubeconfig", file, ...context]);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
