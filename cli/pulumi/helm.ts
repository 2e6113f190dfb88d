import { join } from "node:path";

import { buildGo } from "../build/go.ts";
import { capture } from "../host/command.ts";
import { root } from "../host/paths.ts";
import type { Progress } from "../progress.ts";

let found: Promise<string> | undefined;

/** The `helm` that the Kubernetes stand-in runs: version 3 on PATH, else built from its Go module. */
export function ensureHelm(progress: Progress): Promise<string> {
  found ??= find(progress);
  return found;
}

async function find(progress: Progress): Promise<string> {
  const onPath = await capture("helm", ["version", "--short"]).catch(() => "");
  if (onPath.startsWith("v3.")) return "helm";
  const moduleDir = join(root, "images", "tools", "helm");
  return buildGo(
    { name: "helm", moduleDir, package: "helm.sh/helm/v3/cmd/helm", output: "helm" },
    progress,
  );
}
