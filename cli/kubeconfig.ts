import { KubeConfig } from "@kubernetes/client-node";

/** Makes clients of the cluster that a kubeconfig file leads to. */
export function loadKubeconfig(file: string): KubeConfig {
  const config = new KubeConfig();
  config.loadFromFile(file);
  return config;
}
