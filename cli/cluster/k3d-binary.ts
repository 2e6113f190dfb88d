import { join } from "node:path";

import { buildGo } from "../build/go.ts";
import { capture } from "../host/command.ts";
import { root } from "../host/paths.ts";
import type { Progress } from "../progress.ts";

/** As in images/tools/k3d/go.mod; k3d names its helper images by it. */
export const k3dVersion = "v5.9.0";

let found: Promise<string> | undefined;

/** Returns the k3d on PATH if it is of version 5, else builds ours from its Go module. */
export function ensureK3d(progress: Progress): Promise<string> {
  found ??= find(progress);
  return found;
}

async function find(progress: Progress): Promise<string> {
  const version = await capture("k3d", ["version"]).catch(() => "");
  if (isSuitableK3d(version)) return "k3d";
  const module = "github.com/k3d-io/k3d/v5";
  return buildGo(
    {
      name: "k3d",
      moduleDir: join(root, "images", "tools", "k3d"),
      package: module,
      output: "k3d",
      ldflags: `-s -w -X ${module}/version.Version=${k3dVersion}`,
    },
    progress,
  );
}

/**
 * Whether the k3d that says `version` (as in `k3d version v5.8.3`) reads our configuration: its
 * format `v1alpha5` came with 5.5.
 */
export function isSuitableK3d(version: string): boolean {
  const [, major, minor] = /^k3d version v(\d+)\.(\d+)\./.exec(version) ?? [];
  return major === "5" && Number(minor) >= 5;
}
