import { describe, expect, test, vi } from "vitest";
import { awaiterOf, NotReady, untilReady } from "../../../../providers/kubernetes/await/index.ts";
import { Unreachable } from "../../../../providers/kubernetes/client.ts";
import type { Client } from "../../../../providers/kubernetes/client.ts";
import { Cluster } from "../../../../providers/kubernetes/cluster.ts";
import type { LiveObject } from "../../../../providers/kubernetes/objects.ts";
import type { ObjectKind } from "../../../../providers/kubernetes/tokens.ts";

/** A cluster of which only these objects are known. */
function clusterOf(...objects: LiveObject[]): Cluster {
  const ofKind = ({ kind }: ObjectKind) => objects.filter((object) => object.kind === kind);
  return {
    list: (kind: ObjectKind) => Promise.resolve(ofKind(kind)),
    get: (address: ObjectKind & { name: string }) =>
      Promise.resolve(ofKind(address).find(({ metadata }) => metadata.name === address.name)),
    logTail: () => Promise.resolve("connecting\nno route to host\n"),
  } as unknown as Cluster;
}

function object(kind: string, rest: object, metadata: object = {}): LiveObject {
  const slash = kind.lastIndexOf("/");
  return {
    apiVersion: kind.slice(0, slash),
    kind: kind.slice(slash + 1),
    metadata: { name: "a", namespace: "shop", uid: "1", generation: 2, ...metadata },
    ...rest,
  };
}

async function look(live: LiveObject, others: LiveObject[] = [], isNew = true) {
  const awaiter = awaiterOf(live);
  if (awaiter === undefined) return "not awaited";
  const readiness = await awaiter.begin({ isNew })(live, clusterOf(live, ...others));
  return readiness.state === "ready" ? "ready" : `${readiness.state}: ${readiness.message}`;
}

const conditions = (...list: [string, string, string?, string?][]) =>
  list.map(([type, status, reason, message]) => ({ type, status, reason, message }));

describe("Deployment", () => {
  const revision = { annotations: { "deployment.kubernetes.io/revision": "3" } };
  const replicaSet = (readyReplicas: number, owner = "1") =>
    object(
      "apps/v1/ReplicaSet",
      { spec: { replicas: 2 }, status: { readyReplicas } },
      { ...revision, name: "a-x", ownerReferences: [{ uid: owner }] },
    );
  const rolledOut = conditions(
    ["Progressing", "True", "NewReplicaSetAvailable"],
    ["Available", "True"],
  );
  const deployment = (status: object) =>
    object("apps/v1/Deployment", { spec: { replicas: 2 }, status }, revision);

  test.each([
    ["all of the newest are ready", { observedGeneration: 2, conditions: rolledOut }, 2, "ready"],
    [
      "one is missing",
      { observedGeneration: 2, conditions: rolledOut },
      1,
      "waiting: 1 of 2 pods ready",
    ],
    [
      "the controller has not seen it",
      { observedGeneration: 1, conditions: rolledOut },
      2,
      "waiting: 2 of 2 pods ready",
    ],
    [
      "pods are refused",
      {
        observedGeneration: 2,
        conditions: conditions(["ReplicaFailure", "True", "FailedCreate", "violates PodSecurity"]),
      },
      0,
      "waiting: 0 of 2 pods ready: violates PodSecurity",
    ],
  ])("%s", async (_, status, ready, expected) => {
    expect(await look(deployment(status), [replicaSet(ready)])).toBe(expected);
  });

  test("a replica set of another deployment does not count", async () => {
    const status = { observedGeneration: 2, conditions: rolledOut };
    expect(await look(deployment(status), [replicaSet(2, "other")])).toBe(
      "waiting: 0 of 2 pods ready",
    );
  });
});

const rolled = {
  observedGeneration: 2,
  replicas: 3,
  readyReplicas: 3,
  currentReplicas: 3,
  updatedReplicas: 3,
  currentRevision: "r2",
  updateRevision: "r2",
};
const onDelete = { replicas: 3, updateStrategy: { type: "OnDelete" } };
const daemon = {
  observedGeneration: 2,
  desiredNumberScheduled: 1,
  currentNumberScheduled: 1,
  updatedNumberScheduled: 1,
  numberAvailable: 1,
  numberReady: 1,
};
const service = { clusterIP: "10.0.0.1", selector: { app: "a" } };

test.each([
  ["apps/v1/StatefulSet", { spec: { replicas: 3 }, status: rolled }, "ready"],
  [
    "apps/v1/StatefulSet",
    { spec: { replicas: 3 }, status: { ...rolled, observedGeneration: 1 } },
    "waiting: the controller has not seen the change yet",
  ],
  [
    "apps/v1/StatefulSet",
    { spec: { replicas: 3 }, status: { ...rolled, readyReplicas: 2 } },
    "waiting: 2 of 3 pods ready",
  ],
  [
    "apps/v1/StatefulSet",
    {
      spec: { replicas: 3 },
      status: { ...rolled, currentRevision: "r1", updatedReplicas: 1, currentReplicas: 2 },
    },
    "waiting: 1 of 3 pods run the new revision",
  ],
  [
    "apps/v1/StatefulSet",
    { spec: onDelete, status: { ...rolled, currentRevision: "r1" } },
    "ready",
  ],
  ["apps/v1/DaemonSet", { status: daemon }, "ready"],
  [
    "apps/v1/DaemonSet",
    { status: { ...daemon, numberAvailable: 0 } },
    "waiting: 0 of 1 pods ready",
  ],
  ["batch/v1/Job", { status: { conditions: conditions(["Complete", "True"]) } }, "ready"],
  [
    "batch/v1/Job",
    { status: { active: 1, failed: 2 } },
    "waiting: 1 pods active, 0 succeeded, 2 failed",
  ],
  [
    "batch/v1/Job",
    { status: { conditions: conditions(["Failed", "True", "DeadlineExceeded", "too slow"]) } },
    "failed: DeadlineExceeded: too slow",
  ],
  ["v1/Pod", { status: { phase: "Succeeded" } }, "ready"],
  ["v1/Pod", { status: { conditions: conditions(["Ready", "True"]) } }, "ready"],
  ["v1/Pod", { status: { phase: "Failed" } }, "failed: the pod has failed"],
  ["v1/Pod", { status: { phase: "Running" } }, "waiting: the pod is running, but not ready"],
  ["v1/PersistentVolume", { status: { phase: "Available" } }, "ready"],
  ["v1/ResourceQuota", { spec: { hard: { pods: "1" } }, status: { hard: { pods: "1" } } }, "ready"],
  ["v1/Secret", { type: "Opaque" }, "ready"],
  [
    "v1/Secret",
    { type: "kubernetes.io/service-account-token" },
    "waiting: the token was not issued yet",
  ],
  ["v1/Service", { spec: { clusterIP: "None", selector: { app: "a" } } }, "ready"],
  ["v1/Service", { spec: { clusterIP: "10.0.0.1" } }, "ready"],
  ["v1/Service", { spec: { type: "ExternalName", selector: { app: "a" } } }, "ready"],
  ["v1/Service", { spec: service }, "waiting: no pod matches the selector yet"],
  [
    "v1/Service",
    { spec: { ...service, type: "LoadBalancer" } },
    "waiting: no address was assigned to the load balancer yet",
  ],
  ["v1/ConfigMap", {}, "not awaited"],
  ["v1/Namespace", {}, "not awaited"],
  ["v1/ServiceAccount", {}, "not awaited"],
  ["sparkoperator.k8s.io/v1beta2/SparkApplication", {}, "not awaited"],
])("%s %j: %s", async (kind, rest, expected) => {
  expect(await look(object(kind, rest))).toBe(expected);
});

describe("Service", () => {
  const slice = (...ready: (boolean | undefined)[]) =>
    object("discovery.k8s.io/v1/EndpointSlice", {
      endpoints: ready.map((isReady) => ({ conditions: { ready: isReady } })),
    });

  test.each([
    [slice(true), "ready"],
    [slice(undefined), "ready"],
    [slice(true, false), "waiting: 1 of its pods are not ready"],
  ])("endpoints %#", async (endpoints, expected) => {
    expect(await look(object("v1/Service", { spec: service }), [endpoints])).toBe(expected);
  });
});

describe("PersistentVolumeClaim", () => {
  const claim = (phase: string) =>
    object("v1/PersistentVolumeClaim", {
      spec: { storageClassName: "standard" },
      status: { phase },
    });
  const storageClass = (volumeBindingMode: string) =>
    object("storage.k8s.io/v1/StorageClass", { volumeBindingMode }, { name: "standard" });

  test.each([
    ["Bound", "Immediate", true, "ready"],
    ["Pending", "WaitForFirstConsumer", true, "ready"],
    ["Pending", "Immediate", true, "waiting: the claim is pending, not bound to a volume"],
    [
      "Pending",
      "WaitForFirstConsumer",
      false,
      "waiting: the claim is pending, not bound to a volume",
    ],
  ])("%s, %s, new: %s", async (phase, mode, isNew, expected) => {
    expect(await look(claim(phase), [storageClass(mode)], isNew)).toBe(expected);
  });
});

test("an ingress waits for its services and an address", async () => {
  const paths = [{ backend: { service: { name: "web" } } }];
  const spec = { rules: [{ http: { paths } }] };
  const web = object("v1/Service", {}, { name: "web" });
  const ingress = (status: object) => object("networking.k8s.io/v1/Ingress", { spec, status });
  expect(await look(ingress({}))).toBe("waiting: there is no service web to lead to");
  expect(await look(ingress({}), [web])).toBe("waiting: no controller has assigned an address yet");
  const addressed = ingress({ loadBalancer: { ingress: [{ ip: "1.2.3.4" }] } });
  expect(await look(addressed, [web])).toBe("ready");
});

describe("the annotation pulumi.com/waitFor", () => {
  const application = (waitFor: string, status: object) =>
    object("example.com/v1/App", { status }, { annotations: { "pulumi.com/waitFor": waitFor } });

  test.each([
    ["condition=Ready", { conditions: conditions(["Ready", "True"]) }, "ready"],
    [
      "condition=Ready",
      { conditions: conditions(["Ready", "False", "Broken", "no disk"]) },
      "waiting: condition Ready is False, not True (no disk)",
    ],
    ["condition=Ready=False", { conditions: conditions(["Ready", "False"]) }, "ready"],
    ["jsonpath={.status.state}=RUNNING", { state: "RUNNING" }, "ready"],
    [
      "jsonpath={.status.state}=RUNNING",
      { state: "SUBMITTED" },
      "waiting: .status.state is SUBMITTED, not RUNNING",
    ],
    ["jsonpath={.status.state}", {}, "waiting: .status.state is not set"],
    ["jsonpath={.status.replicas}=2", { replicas: 2 }, "ready"],
    [
      'jsonpath={.status.list[?(@.name=="a")].state}=UP',
      {
        list: [
          { name: "b", state: "DOWN" },
          { name: "a", state: "UP" },
        ],
      },
      "ready",
    ],
    [
      '["condition=Ready", "jsonpath={.status.state}=UP"]',
      { conditions: conditions(["Ready", "True"]), state: "DOWN" },
      "waiting: .status.state is DOWN, not UP",
    ],
    [
      "condition=Ready",
      { observedGeneration: 1, conditions: conditions(["Ready", "True"]) },
      "waiting: the controller has not seen the change yet",
    ],
  ])("%s with %j: %s", async (waitFor, status, expected) => {
    expect(await look(application(waitFor, status))).toBe(expected);
  });

  test.each(["Ready", "jsonpath=.status", "[]"])("%s is refused", (waitFor) => {
    expect(() => awaiterOf(application(waitFor, {}))).toThrow("pulumi.com/waitFor: ");
  });

  test("skipAwait wins", () => {
    const skipped = application("condition=Ready", {});
    Object.assign(skipped.metadata.annotations ?? {}, { "pulumi.com/skipAwait": "true" });
    expect(awaiterOf(skipped)).toBeUndefined();
  });
});

describe("waiting", () => {
  const spec = { selector: { matchLabels: { job: "a" } } };
  const signal = new AbortController().signal;
  const crashed = object(
    "v1/Pod",
    {
      status: {
        phase: "Running",
        containerStatuses: [
          {
            name: "main",
            restartCount: 4,
            state: { waiting: { reason: "CrashLoopBackOff", message: "back-off" } },
            lastState: { terminated: { exitCode: 3, reason: "Error" } },
          },
        ],
      },
    },
    { name: "a-x" },
  );
  const pulling = object(
    "v1/Pod",
    {
      status: {
        phase: "Pending",
        containerStatuses: [
          { name: "main", state: { waiting: { reason: "ErrImagePull", message: "not found" } } },
        ],
      },
    },
    { name: "a-y" },
  );

  test("a failure tells what the pods say", async () => {
    const failed = object("batch/v1/Job", {
      spec,
      status: { conditions: conditions(["Failed", "True", "BackoffLimitExceeded", "enough"]) },
    });
    const waiting = untilReady(clusterOf(failed, crashed, pulling), failed, {
      signal,
      status: () => undefined,
      isNew: true,
    });
    await expect(waiting).rejects.toEqual(
      new NotReady(
        [
          "Job shop/a failed: BackoffLimitExceeded: enough",
          "  Pod a-x: container main exited with code 3 (Error), restarted 4 times",
          "  last lines of container main:",
          "    connecting",
          "    no route to host",
          "  Pod a-y: container main: ErrImagePull: not found",
        ].join("\n"),
        failed,
      ),
    );
  });

  test("the log of a container that is started again meanwhile is looked for once more", async () => {
    const failed = object("batch/v1/Job", {
      spec,
      status: { conditions: conditions(["Failed", "True"]) },
    });
    const logTail = vi.fn<Cluster["logTail"]>();
    logTail.mockResolvedValueOnce("").mockResolvedValueOnce("");
    logTail.mockResolvedValueOnce("no route to host\n");
    const cluster = Object.assign(clusterOf(failed, crashed), { logTail });
    const waiting = untilReady(cluster, failed, { signal, status: () => undefined, isNew: true });
    await expect(waiting).rejects.toThrow("last lines of container main:\n    no route to host");
  });

  test("the kubelet's word that a log is gone is not taken for a log", async () => {
    const gone = "unable to retrieve container logs for containerd://3bb6fd00e2a1";
    const cluster = new Cluster({ request: () => Promise.resolve(gone) } as unknown as Client);
    expect(await cluster.logTail(crashed, "main", { lines: 15, previous: true })).toBe("");
  });

  test("time over is an error that says what is missing, and the status said it before", async () => {
    const running = object("batch/v1/Job", { spec, status: { active: 1 } });
    const said: string[] = [];
    const waiting = untilReady(clusterOf(running, pulling), running, {
      signal,
      status: (message) => said.push(message),
      isNew: true,
      timeoutMs: 10,
    });
    await expect(waiting).rejects.toThrow(
      "Job shop/a is not ready after 0.01 s: 1 pods active, 0 succeeded, 0 failed\n  Pod a-y:",
    );
    expect(said).toEqual([
      "1 pods active, 0 succeeded, 0 failed; pod a-y: container main: ErrImagePull: not found",
    ]);
  });

  describe("a SparkApplication", () => {
    const application = (state: string, errorMessage?: string) =>
      object(
        "sparkoperator.k8s.io/v1beta2/SparkApplication",
        { status: { applicationState: { state, errorMessage } } },
        {
          annotations: {
            "pulumi.com/waitFor": "jsonpath={.status.applicationState.state}=RUNNING",
          },
        },
      );
    const unschedulable = object(
      "v1/Pod",
      {
        status: {
          phase: "Pending",
          conditions: conditions(["PodScheduled", "False", "Unschedulable", "1 Insufficient cpu"]),
        },
      },
      { name: "a-driver", labels: { "spark-role": "driver" } },
    );
    const executor = {
      ...pulling,
      metadata: { ...pulling.metadata, labels: { "spark-role": "executor" } },
    };
    const messageOf = (live: LiveObject, ...others: LiveObject[]) =>
      untilReady(clusterOf(live, ...others), live, {
        signal,
        status: () => undefined,
        isNew: true,
        timeoutMs: 10,
      }).then(
        () => "ready",
        (error: unknown) => (error as Error).message,
      );
    const notRunning =
      "SparkApplication shop/a is not ready after 0.01 s: .status.applicationState.state is";

    test("whose driver fits on no node says so, the driver before its executors", async () => {
      expect(await messageOf(application("SUBMITTED"), executor, unschedulable)).toBe(
        [
          `${notRunning} SUBMITTED, not RUNNING`,
          "  Pod a-driver: cannot be scheduled: 1 Insufficient cpu",
          "  Pod a-y: container main: ErrImagePull: not found",
        ].join("\n"),
      );
    });

    test("whose driver crashed quotes its last words and what the operator says", async () => {
      const failed = application("FAILING", "driver container failed with ExitCode: 3\n");
      expect(await messageOf(failed, crashed)).toBe(
        [
          `${notRunning} FAILING, not RUNNING (driver container failed with ExitCode: 3)`,
          "  Pod a-x: container main exited with code 3 (Error), restarted 4 times",
          "  last lines of container main:",
          "    connecting",
          "    no route to host",
        ].join("\n"),
      );
    });

    test("is asked for the pods of its name alone", async () => {
      const live = application("SUBMITTED");
      const cluster = clusterOf(live);
      const list = vi.spyOn(cluster, "list");
      await awaiterOf(live)?.pods?.(live, cluster);
      expect(list).toHaveBeenCalledExactlyOnceWith({ apiVersion: "v1", kind: "Pod" }, "shop", {
        labelSelector: "sparkoperator.k8s.io/app-name=a,spark-role in (driver,executor)",
      });
    });

    test("whose driver was removed after its failure tells what the driver said before", async () => {
      const live = application("PENDING_RERUN");
      const cluster = clusterOf(live);
      const list = vi.spyOn(cluster, "list").mockResolvedValueOnce([crashed]);
      const waiting = untilReady(cluster, live, {
        signal,
        status: () => undefined,
        isNew: true,
        timeoutMs: 10,
      });
      await expect(waiting).rejects.toThrow(
        "\n  before: pod a-x: container main exited with code 3 (Error), restarted 4 times",
      );
      expect(list).toHaveBeenCalledTimes(2);
    });
  });

  describe("pods that a node sends away", () => {
    const node = object(
      "v1/Node",
      {
        status: {
          conditions: [
            { type: "Ready", status: "True" },
            { type: "MemoryPressure", status: "False", message: "enough" },
            { type: "DiskPressure", status: "True", message: "kubelet has disk pressure" },
          ],
        },
      },
      { name: "n" },
    );
    const evicted = object(
      "v1/Pod",
      {
        status: {
          phase: "Failed",
          reason: "Evicted",
          message: "The node was low on resource: ephemeral-storage.",
          containerStatuses: [{ name: "main", state: { terminated: { exitCode: 137 } } }],
        },
      },
      { name: "a-z" },
    );

    test("say why, and what ails the node", async () => {
      const running = object("batch/v1/Job", { spec, status: { active: 1 } });
      const waiting = untilReady(clusterOf(running, evicted, node), running, {
        signal,
        status: () => undefined,
        isNew: true,
        timeoutMs: 10,
      });
      await expect(waiting).rejects.toThrow(
        [
          "",
          "  Pod a-z: failed: Evicted: The node was low on resource: ephemeral-storage.",
          "  Node n has DiskPressure (kubelet has disk pressure): free space on its disk",
        ].join("\n"),
      );
    });

    test("say why also to who may not look at nodes", async () => {
      const running = object("batch/v1/Job", { spec, status: { active: 1 } });
      const cluster = clusterOf(running, evicted);
      vi.spyOn(cluster, "list").mockImplementation(({ kind }) =>
        kind === "Node" ? Promise.reject(new Error("forbidden")) : Promise.resolve([evicted]),
      );
      const waiting = untilReady(cluster, running, {
        signal,
        status: () => undefined,
        isNew: true,
        timeoutMs: 10,
      });
      await expect(waiting).rejects.toThrow(/low on resource: ephemeral-storage\.$/);
    });
  });

  test("an API server that restarts meanwhile is waited for", async () => {
    const done = object("batch/v1/Job", {
      spec,
      status: { conditions: conditions(["Complete", "True"]) },
    });
    const cluster = clusterOf(done);
    const get = vi
      .spyOn(cluster, "get")
      .mockRejectedValueOnce(new Unreachable("https://127.0.0.1:6443", new Error("refused")));
    const live = await untilReady(cluster, done, { signal, status: () => undefined, isNew: true });
    expect(live).toBe(done);
    expect(get).toHaveBeenCalledTimes(2);
  });

  test("an object that somebody deletes meanwhile is an error", async () => {
    const gone = object("batch/v1/Job", { spec });
    const waiting = untilReady(clusterOf(), gone, {
      signal,
      status: () => undefined,
      isNew: true,
    });
    await expect(waiting).rejects.toThrow("Job shop/a failed: somebody has deleted it");
  });
});
