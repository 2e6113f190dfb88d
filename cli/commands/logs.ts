import { PassThrough } from "node:stream";
import { finished } from "node:stream/promises";

import { CoreV1Api, Log, type V1Pod } from "@kubernetes/client-node";
import type { Command } from "commander";

import { connection } from "../connection.ts";
import { UserError } from "../errors.ts";
import { loadKubeconfig } from "../kubeconfig.ts";
import { stackOption } from "../options.ts";
import { namespace } from "../workloads.ts";

/** `npm run logs COMPONENT`: what the component's pods have written, newest lines last. */
export function register(program: Command): void {
  program
    .command("logs")
    .description("show a component's log")
    .argument("<component>", "a name that `npm run status` lists, such as kafka or streaming")
    .addOption(stackOption())
    .option("-f, --follow", "go on showing new lines")
    .option("--previous", "of the container that ran before the last restart")
    .option("--tail <lines>", "how many lines of each pod", "200")
    .action(async (component: string, options: LogOptions) => {
      const config = loadKubeconfig((await connection(options.stack)).kubeconfig);
      const { items } = await config.makeApiClient(CoreV1Api).listNamespacedPod({ namespace });
      const pods = items.filter((pod) => belongsTo(pod, component));
      if (pods.length === 0) {
        throw new UserError(`No pod belongs to "${component}"`, {
          cure: "`npm run status` lists the components.",
        });
      }
      const sources = pods.flatMap(sourcesOf);
      await Promise.all(
        sources.map((source) => show(new Log(config), source, options, sources.length > 1)),
      );
    });
}

interface LogOptions {
  readonly stack: string;
  readonly follow?: true;
  readonly previous?: true;
  readonly tail: string;
}

/** Pods of Deployments and StatefulSets carry the component's label, Spark's the application's name. */
function belongsTo(pod: V1Pod, component: string): boolean {
  const labels = pod.metadata?.labels ?? {};
  return ["app.kubernetes.io/name", "sparkoperator.k8s.io/app-name"].some(
    (key) => labels[key] === component,
  );
}

/** What writes a log of its own. */
interface Source {
  readonly pod: string;
  readonly container: string;
  /** What its lines begin with if there are several. */
  readonly label: string;
}

/** The containers of a pod; most have one. */
function sourcesOf({ metadata, spec }: V1Pod): Source[] {
  const pod = metadata?.name ?? "";
  const containers = (spec?.containers ?? []).map(({ name }) => name);
  return containers.map((container) => ({
    pod,
    container,
    label: containers.length > 1 ? `${pod} ${container}` : pod,
  }));
}

async function show(
  log: Log,
  { pod, container, label }: Source,
  options: LogOptions,
  prefixed: boolean,
): Promise<void> {
  const stream = new PassThrough({ encoding: "utf8" });
  let rest = "";
  stream.on("data", (chunk: string) => {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) process.stdout.write(`${prefixed ? `${label}: ` : ""}${line}\n`);
  });
  await log.log(namespace, pod, container, stream, {
    follow: options.follow ?? false,
    previous: options.previous ?? false,
    tailLines: Number(options.tail),
  });
  await finished(stream);
}
