import { stringify } from "yaml";

import type { ClusterOptions } from "./cluster.ts";

/** The k3s of the same Kubernetes as kind's node. https://github.com/k3s-io/k3s/releases */
export const k3sImage = "docker.io/rancher/k3s:v1.34.1-k3s1";

/** Seconds until the node must be ready. */
export const createTimeout = 180;

/**
 * Rendered configuration of k3d: one server, whose ports are mapped to loopback only. Without k3d's
 * load balancer they lead straight to the node, as kind's do, and there is one container less.
 */
export function k3dConfig(options: ClusterOptions): string {
  const without = (part: string) => ({ arg: `--disable=${part}`, nodeFilters: ["server:*"] });
  return stringify({
    apiVersion: "k3d.io/v1alpha5",
    kind: "Simple",
    metadata: { name: options.name },
    servers: 1,
    agents: 0,
    image: k3sImage,
    kubeAPI: { hostIP: "127.0.0.1" },
    ports: options.nodePorts.map((nodePort) => ({
      port: `127.0.0.1:${nodePort + options.portOffset}:${nodePort}/tcp`,
      nodeFilters: ["server:0:direct"],
    })),
    options: {
      k3d: { wait: true, timeout: `${createTimeout}s`, disableLoadbalancer: true },
      // What the platform does not use: it is reached through NodePorts.
      k3s: { extraArgs: [without("traefik"), without("servicelb"), without("metrics-server")] },
      // The user's own kubeconfig is left alone.
      kubeconfig: { updateDefaultKubeconfig: false, switchCurrentContext: false },
    },
  });
}
