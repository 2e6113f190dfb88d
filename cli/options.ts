import { Option } from "commander";

import { clusterKinds } from "./cluster/cluster.ts";
import { pluginChoices } from "./pulumi/plugins.ts";

/** `--stack X`: which Pulumi.X.yaml, and so which deployment, a command speaks of. */
export function stackOption(): Option {
  return new Option("--stack <name>", "the stack: Pulumi.<name>.yaml is its config").default("dev");
}

/** `--cluster`: where the platform runs. */
export function clusterOption(): Option {
  return new Option(
    "--cluster <kind>",
    "where it runs: a kind or k3d cluster of its own, or the current kubeconfig context",
  )
    .choices(clusterKinds)
    .default("kind");
}

/** `--plugins`: which provider plugins Pulumi's engine runs. */
export function pluginsOption(): Option {
  return new Option(
    "--plugins <which>",
    "Pulumi's official provider plugins, our stand-ins, or the former where they can be had",
  )
    .choices(pluginChoices)
    .default("auto");
}

/** `--json`: one JSON document on stdout, and nothing else there. */
export function jsonOption(): Option {
  return new Option(
    "--json",
    "machine-readable output on stdout; progress stays on stderr",
  ).default(false);
}
