import { dirname, join } from "node:path";

import { PulumiCommand } from "@pulumi/pulumi/automation/index.js";
import sdk from "@pulumi/pulumi/package.json" with { type: "json" };

import { buildGo } from "../build/go.ts";
import { registryReachable } from "../build/registry.ts";
import { cacheDir, root } from "../host/paths.ts";
import type { Progress } from "../progress.ts";

let found: Promise<PulumiCommand> | undefined;

/**
 * The Pulumi CLI: the one on PATH if it is recent enough, else the official download, else built
 * from its Go module, which works wherever Go modules can be had.
 */
export function ensurePulumi(progress: Progress): Promise<PulumiCommand> {
  found ??= find(progress);
  return found;
}

async function find(progress: Progress): Promise<PulumiCommand> {
  // Refuses a CLI that is too old for the SDK.
  const onPath = await PulumiCommand.get().catch(() => undefined);
  if (onPath !== undefined) return onPath;
  if (await registryReachable()) {
    progress(`downloading Pulumi ${sdk.version}`);
    const options = { root: join(cacheDir, "pulumi", sdk.version) };
    const downloaded = await PulumiCommand.install(options).catch(() => undefined);
    if (downloaded !== undefined) return downloaded;
  }
  const binary = await buildGo(
    {
      name: "pulumi",
      moduleDir: join(root, "images", "pulumi"),
      package: "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi",
      output: "bin/pulumi",
      ldflags: `-s -w -X github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=v${sdk.version}`,
    },
    progress,
  );
  return PulumiCommand.get({ root: dirname(dirname(binary)) });
}
