import { stringify } from "yaml";
import type { ClusterOptions } from "./cluster.ts";

/**
 * Rendered configuration of kind: one node, whose ports are mapped to loopback only, and whose
 * containerd keeps its images in a folder of this machine if one is given.
 *
 * containerd must not lower a container's OOM score below its own: on machines that withhold
 * CAP_SYS_RESOURCE it may not, and the control plane would never start.
 */
export function kindConfig(options: ClusterOptions, nodeImage: string, store?: string): string {
  return stringify({
    kind: "Cluster",
    apiVersion: "kind.x-k8s.io/v1alpha4",
    name: options.name,
    networking: { apiServerAddress: "127.0.0.1" },
    containerdConfigPatches: [
      '[plugins."io.containerd.grpc.v1.cri"]\n  restrict_oom_score_adj = true\n',
    ],
    nodes: [
      {
        role: "control-plane",
        image: nodeImage,
        extraPortMappings: options.nodePorts.map((nodePort) => ({
          containerPort: nodePort,
          hostPort: nodePort + options.portOffset,
          listenAddress: "127.0.0.1",
          protocol: "TCP",
        })),
        ...(store === undefined
          ? {}
          : { extraMounts: [{ hostPath: store, containerPath: "/var/lib/containerd" }] }),
      },
    ],
  });
}
