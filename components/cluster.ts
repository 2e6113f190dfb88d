import { type Inputs, runtime } from "@pulumi/pulumi";

import { isRestricted, nodeChoice, type Scheduling, spread } from "./helpers/scheduling.ts";

/** What a cluster wants of every object, whichever component makes it. */
export interface ClusterSettings extends Scheduling {
  /** Whether Services are reached from inside of the cluster alone, without NodePorts. */
  readonly isPrivate: boolean;
  /** Class of all volumes; undefined for the cluster's default. */
  readonly storageClass: string | undefined;
  /** Whether replicas are spread over zones and nodes. */
  readonly isSpread: boolean;
}

/**
 * Fits every object that is made from now on to the cluster: components say what they need, and this
 * says where it may run, on which volumes and how far it is seen. A stack without such settings is
 * left as it is.
 *
 * One of Pulumi's older transformations, which this process runs by itself. The newer ones are called
 * by the engine and so not under mocks, where the tests look at the result.
 */
export function fitToCluster(settings: ClusterSettings): void {
  const { isPrivate, storageClass, isSpread } = settings;
  if (!isPrivate && storageClass === undefined && !isSpread && !isRestricted(settings)) return;
  runtime.registerStackTransformation(({ type, props, opts }) => ({
    props: fitted(type, props, settings),
    opts,
  }));
}

/** The inputs of a resource, fitted to the cluster; those of other types stay as they are. */
function fitted(type: string, props: Inputs, settings: ClusterSettings): Inputs {
  const spec = props["spec"] as Inputs | undefined;
  switch (type) {
    case "kubernetes:core/v1:Service":
      return { ...props, spec: settings.isPrivate ? clusterIp(spec) : spec };
    case "kubernetes:apps/v1:Deployment":
    case "kubernetes:apps/v1:StatefulSet":
      return { ...props, spec: workload(spec, settings) };
    case "kubernetes:batch/v1:Job":
      return { ...props, spec: withPod(spec, nodeChoice(settings)) };
    case "kubernetes:batch/v1:CronJob":
      return { ...props, spec: cronJob(spec, settings) };
    case "kubernetes:sparkoperator.k8s.io/v1beta2:SparkApplication":
      return { ...props, spec: sparkApplication(spec, settings) };
    case "kubernetes:helm.sh/v3:Release":
      return { ...props, values: operatorChart(props["values"] as Inputs, settings) };
    default:
      return props;
  }
}

function clusterIp(spec: Inputs = {}): Inputs {
  if (spec["type"] !== "NodePort") return spec;
  const ports = (spec["ports"] as Inputs[]).map((port) =>
    Object.fromEntries(Object.entries(port).filter(([key]) => key !== "nodePort")),
  );
  return { ...spec, type: "ClusterIP", ports };
}

function workload(spec: Inputs = {}, settings: ClusterSettings): Inputs {
  const claims = spec["volumeClaimTemplates"] as Inputs[] | undefined;
  const { storageClass, isSpread } = settings;
  // Those of a StatefulSet keep something, and several of them a quorum.
  const isQuorum = claims !== undefined && Number(spec["replicas"] ?? 1) > 1;
  const { matchLabels } = spec["selector"] as Inputs;
  const constraints = isSpread && { topologySpreadConstraints: spread(matchLabels, isQuorum) };
  return {
    ...withPod(spec, { ...nodeChoice(settings), ...constraints }),
    ...(claims && { volumeClaimTemplates: claims.map((claim) => ofClass(claim, storageClass)) }),
  };
}

function ofClass(claim: Inputs, storageClassName: string | undefined): Inputs {
  if (storageClassName === undefined) return claim;
  return { ...claim, spec: { ...(claim["spec"] as Inputs), storageClassName } };
}

function cronJob(spec: Inputs = {}, settings: ClusterSettings): Inputs {
  const job = spec["jobTemplate"] as Inputs;
  const jobSpec = withPod(job["spec"] as Inputs, nodeChoice(settings));
  return { ...spec, jobTemplate: { ...job, spec: jobSpec } };
}

function sparkApplication(spec: Inputs = {}, settings: ClusterSettings): Inputs {
  const placed = (role: Inputs) =>
    // An application without executors says nothing of them.
    role["template"] === undefined ? role : withPod(role, nodeChoice(settings));
  const { driver, executor } = spec as { driver: Inputs; executor: Inputs };
  return { ...spec, driver: placed(driver), executor: placed(executor) };
}

/** Both pods of the Spark operator's chart. */
function operatorChart(values: Inputs, settings: ClusterSettings): Inputs {
  const placed = (part: string) => ({ ...(values[part] as Inputs), ...nodeChoice(settings) });
  return { ...values, controller: placed("controller"), webhook: placed("webhook") };
}

/** Adds to the spec of the pod in `template`. */
function withPod(spec: Inputs = {}, more: Inputs): Inputs {
  const template = spec["template"] as Inputs;
  return { ...spec, template: { ...template, spec: { ...(template["spec"] as Inputs), ...more } } };
}
