import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { describe, expect, test } from "vitest";
import { UserError } from "../../../../cli/errors.ts";
import { clusterOf } from "../../../../cli/cluster/cluster.ts";
import { imageDelivery } from "../../../../cli/cluster/current.ts";
import { isSuitableKind } from "../../../../cli/cluster/kind-binary.ts";
import { missingImages, oldImages } from "../../../../cli/cluster/load-images.ts";
import { nodePrograms, withSandboxImage } from "../../../../cli/cluster/node-image.ts";
import { ownership } from "../../../../cli/cluster/owner.ts";
import { processOf, requireFreePorts } from "../../../../cli/cluster/ports.ts";

test("a kind cluster's ports and kubeconfig follow its options", () => {
  const cluster = clusterOf("kind", { name: "lakehouse-test", nodePorts: [], portOffset: 100 });
  expect(cluster.hostPort(30092)).toBe(30192);
  expect(cluster.kubeconfig()).toMatch(/\/\.lakehouse\/kubeconfig-lakehouse-test$/);
});

test.each([
  [undefined, "nobody"],
  [{ clone: "/here", isComplete: true }, "ours"],
  [{ clone: "/there", isComplete: true }, "foreign"],
  [{ clone: "/gone", isComplete: false }, "vanished"],
] as const)("the cluster of %j is %s", (owner, verdict) => {
  expect(ownership(owner, "/here", (path) => path === "/there")).toBe(verdict);
});

describe("ports", () => {
  test("a port in use is named before anything is made", async () => {
    const server = createServer();
    const port = await new Promise<number>((resolve) => {
      server.listen({ port: 0, host: "127.0.0.1" }, () => {
        resolve((server.address() as AddressInfo).port);
      });
    });
    const failure = await requireFreePorts([port]).catch((error: unknown) => error);
    server.close();
    expect(failure).toBeInstanceOf(UserError);
    expect((failure as UserError).message).toContain(`in use: ${port} (`);
    expect((failure as UserError).cure).toContain("portOffset");
  });

  test.each([
    ['LISTEN 0 511 127.0.0.1:30092 0.0.0.0:* users:(("node",pid=42,fd=3))', "node, process 42"],
    ["LISTEN 0 511 127.0.0.1:30092 0.0.0.0:*", "unknown process"],
    ["", "unknown process"],
  ])("%j is held by %s", (sockets, holder) => {
    expect(processOf(sockets)).toBe(holder);
  });
});

test("images that a node has are not loaded again, and none twice", () => {
  const present = "localhost/lakehouse/kafka:1\nregistry.k8s.io/pause:3.10\n";
  const wanted = [
    "localhost/lakehouse/kafka:1",
    "localhost/lakehouse/kafka:2",
    "localhost/lakehouse/kafka:2",
  ];
  expect(missingImages(wanted, present)).toEqual(["localhost/lakehouse/kafka:2"]);
});

test("of a node's images only other versions of the given ones are old, by all their names", () => {
  const list = [
    "REF TYPE DIGEST SIZE",
    "import-2026-11-22@sha256:01 manifest sha256:01 1 MiB",
    "import-2026-11-22@sha256:02 manifest sha256:02 1 MiB",
    "localhost/lakehouse/kafka:1 manifest sha256:01 1 MiB",
    "localhost/lakehouse/kafka:2 manifest sha256:02 1 MiB",
    "localhost/lakehouse/kafka:same manifest sha256:02 1 MiB",
    "localhost/lakehouse/kafka-connect:1 manifest sha256:03 1 MiB",
    "docker.io/library/kafka:1 manifest sha256:04 1 MiB",
    "",
  ].join("\n");
  expect(oldImages(["localhost/lakehouse/kafka:2"], list)).toEqual([
    "import-2026-11-22@sha256:01",
    "localhost/lakehouse/kafka:1",
  ]);
});

test.each([
  ["docker-desktop", "shared"],
  ["kind-mine", { node: "mine-control-plane" }],
  ["production", undefined],
])("images reach the context %s by %j", (context, way) => {
  expect(imageDelivery(context)).toEqual(way);
});

test.each([
  ["kind v0.30.0 go1.24.6 linux/amd64", true],
  ["kind v0.32.1 go1.25.0 linux/amd64", true],
  ["kind v0.29.0 go1.24.2 linux/amd64", false],
  ["kind v0.33.0 go1.26.0 linux/amd64", false],
  ["", false],
])("isSuitableKind(%j) is %s", (version, answer) => {
  expect(isSuitableKind(version)).toBe(answer);
});

describe("node image", () => {
  test("the version of Kubernetes is stamped into its programs", () => {
    const [kubernetes, ...others] = nodePrograms("v1.34.4");
    expect(kubernetes?.ldflags).toContain("-X k8s.io/component-base/version.gitVersion=v1.34.4");
    expect(kubernetes?.ldflags).toContain("-X k8s.io/client-go/pkg/version.gitMinor=34");
    expect(others.map(({ output }) => output)).toEqual([
      "coredns",
      "etcd",
      "local-path-provisioner",
    ]);
  });

  test("containerd's sandbox image replaces the one that kubeadm lists", () => {
    const config = '[plugins.x]\n  sandbox_image = "registry.k8s.io/pause:3.10"\n';
    const images = ["registry.k8s.io/etcd:3.6.5-0", "registry.k8s.io/pause:3.10.1", ""];
    expect(withSandboxImage(images, config)).toEqual([
      "registry.k8s.io/etcd:3.6.5-0",
      "registry.k8s.io/pause:3.10",
    ]);
    expect(() => withSandboxImage(images, "")).toThrow("no sandbox image");
  });
});
