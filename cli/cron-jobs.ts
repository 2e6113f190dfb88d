import { setTimeout as sleep } from "node:timers/promises";

import { BatchV1Api, CoreV1Api, KubeConfig, V1Job, V1ObjectMeta } from "@kubernetes/client-node";

import { UserError } from "./errors.ts";
import type { Progress } from "./progress.ts";
import { namespace } from "./workloads.ts";

/** How often a Job is looked at, in ms. */
const pollInterval = 1_000;
/** How long a Job may show no sign of life, in ms. Ours write a line every few seconds. */
const patience = 5 * 60_000;
/** Finished Jobs are kept for who wants to read their logs, in seconds. */
const keptFor = 3_600;
/** Lines of its log that a failed Job is quoted with. */
const quotedLines = 20;

/** Starts the work of CronJobs by hand, as `kubectl create job --from` does. */
export class CronJobs {
  readonly #batch: BatchV1Api;
  readonly #core: CoreV1Api;

  constructor(kubeconfig: string) {
    const config = new KubeConfig();
    config.loadFromFile(kubeconfig);
    this.#batch = config.makeApiClient(BatchV1Api);
    this.#core = config.makeApiClient(CoreV1Api);
  }

  /** Names of the CronJobs that there are. */
  async names(): Promise<string[]> {
    const { items } = await this.#batch.listNamespacedCronJob({ namespace });
    return items.flatMap(({ metadata }) => metadata?.name ?? []);
  }

  /**
   * Does a CronJob's work now and waits until it is done.
   *
   * @param args are added to those of its container.
   * @returns the last line that it wrote.
   * @throws UserError with its last words if it fails, or shows no sign of life for five minutes.
   */
  async run(name: string, args: readonly string[], progress: Progress): Promise<string> {
    const job = await this.#start(name, args);
    let line = "";
    let deadline = Date.now() + patience;
    for (;;) {
      // An API server that is away for a moment is no reason to give up.
      const status = await this.#status(job).catch(() => undefined);
      const latest = (await this.#lastLines(job, 1).catch(() => "")) || line;
      if (latest !== line) deadline = Date.now() + patience;
      line = latest;
      progress(line);
      if (status === "Complete") return line;
      const cure = `\`npm run logs ${name}\` tells more. Then try again: what is done already is not done again.`;
      if (status === "Failed") {
        const log = await this.#lastLines(job, quotedLines).catch(() => line);
        throw new UserError(`The Job ${job} failed`, { cure, log });
      }
      if (Date.now() > deadline) {
        throw new UserError(`The Job ${job} shows no sign of life`, { cure, log: line });
      }
      await sleep(pollInterval);
    }
  }

  async #start(name: string, args: readonly string[]): Promise<string> {
    const { spec } = await this.#batch.readNamespacedCronJob({ name, namespace });
    const work = spec.jobTemplate.spec;
    const [container] = work?.template.spec?.containers ?? [];
    if (!work || !container) throw new Error(`The CronJob ${name} has no container`);
    container.args = [...(container.args ?? []), ...args];
    work.ttlSecondsAfterFinished = keptFor;
    const body = new V1Job();
    body.metadata = new V1ObjectMeta();
    body.metadata.generateName = `${name}-by-hand-`;
    body.metadata.annotations = { "cronjob.kubernetes.io/instantiate": "manual" };
    body.spec = work;
    const { metadata } = await this.#batch.createNamespacedJob({ namespace, body });
    return metadata?.name ?? "";
  }

  async #status(job: string): Promise<string | undefined> {
    const { status } = await this.#batch.readNamespacedJobStatus({ name: job, namespace });
    return status?.conditions?.find(
      ({ type, status: holds }) => ["Complete", "Failed"].includes(type) && holds === "True",
    )?.type;
  }

  /** What the youngest pod of a Job wrote last. */
  async #lastLines(job: string, tailLines: number): Promise<string> {
    const labelSelector = `batch.kubernetes.io/job-name=${job}`;
    const { items } = await this.#core.listNamespacedPod({ namespace, labelSelector });
    const age = (pod: (typeof items)[number]) => pod.metadata?.creationTimestamp?.getTime() ?? 0;
    const [youngest] = items.sort((one, other) => age(other) - age(one));
    if (youngest?.metadata?.name === undefined) return "";
    const log = await this.#core.readNamespacedPodLog({
      name: youngest.metadata.name,
      namespace,
      tailLines,
    });
    return log.trimEnd();
  }
}
