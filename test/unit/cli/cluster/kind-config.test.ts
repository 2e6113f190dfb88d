import { expect, test } from "vitest";
import { parse } from "yaml";
import { unmappedPorts } from "../../../../cli/cluster/existing.ts";
import { kindConfig } from "../../../../cli/cluster/kind-config.ts";

const options = { name: "lakehouse-test", nodePorts: [30092, 30900], portOffset: 100 };

test("the node's ports are mapped to loopback only, moved by the offset", () => {
  expect(parse(kindConfig(options, "node:1"))).toEqual({
    kind: "Cluster",
    apiVersion: "kind.x-k8s.io/v1alpha4",
    name: "lakehouse-test",
    networking: { apiServerAddress: "127.0.0.1" },
    containerdConfigPatches: [
      '[plugins."io.containerd.grpc.v1.cri"]\n  restrict_oom_score_adj = true\n',
    ],
    nodes: [
      {
        role: "control-plane",
        image: "node:1",
        extraPortMappings: [
          { containerPort: 30092, hostPort: 30192, listenAddress: "127.0.0.1", protocol: "TCP" },
          { containerPort: 30900, hostPort: 31000, listenAddress: "127.0.0.1", protocol: "TCP" },
        ],
      },
    ],
  });
});

test("unmappedPorts finds ports that are missing or lead elsewhere", () => {
  const bind = (port: string) => [{ HostIp: "127.0.0.1", HostPort: port }];
  expect(
    unmappedPorts(options, { "30092/tcp": bind("30192"), "30900/tcp": bind("31000") }),
  ).toEqual([]);
  expect(unmappedPorts(options, { "30092/tcp": bind("30092"), "30900/tcp": null })).toEqual([
    30092, 30900,
  ]);
  expect(unmappedPorts(options, {})).toEqual([30092, 30900]);
});
