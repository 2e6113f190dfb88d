import { join } from "node:path";
import { buildGo } from "../build/go.ts";
import { capture } from "../host/command.ts";
import { root } from "../host/paths.ts";
import type { Progress } from "../progress.ts";

export const kindModuleDir = join(root, "images", "tools", "kind");

let found: Promise<string> | undefined;

/** Returns the kind on PATH if it is of a version that is known to do, else builds ours. */
export function ensureKind(progress: Progress): Promise<string> {
  found ??= find(progress);
  return found;
}

async function find(progress: Progress): Promise<string> {
  const version = await capture("kind", ["version"]).catch(() => "");
  if (isSuitableKind(version)) return "kind";
  return buildGo(
    { name: "kind", moduleDir: kindModuleDir, package: "sigs.k8s.io/kind", output: "kind" },
    progress,
  );
}

/**
 * Whether the kind that says `version` (as in `kind v0.30.0 go1.24.6 linux/amd64`) works with the
 * node image of v0.30: older ones do not know its containerd, newer ones drop cgroup v1.
 */
export function isSuitableKind(version: string): boolean {
  const minor = Number(/^kind v0\.(\d+)\./.exec(version)?.[1] ?? 0);
  return minor >= 30 && minor <= 32;
}
