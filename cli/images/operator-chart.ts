import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { copyFiles } from "../build/content.ts";
import { type GoBuild, goModuleFolder } from "../build/go.ts";
import { stored } from "../build/store.ts";
import { root } from "../host/paths.ts";
import type { Progress } from "../progress.ts";

const module = "github.com/kubeflow/spark-operator/v2";

/** How the Spark operator is built; images/spark-operator/go.mod pins its version. */
export const operatorModule: GoBuild = {
  name: "spark-operator",
  moduleDir: join(root, "images", "spark-operator"),
  package: `${module}/cmd/operator`,
  output: "spark-operator",
};

/**
 * Returns a folder with the operator's official Helm chart, taken out of the very module that the
 * operator is built from.
 */
export async function operatorChart(progress: Progress): Promise<string> {
  const { moduleDir } = operatorModule;
  const pinned = await readFile(join(moduleDir, "go.mod"), "utf8");
  const entry = { name: "spark-operator-chart", madeFrom: [pinned] };
  const folder = await stored(entry, async (target) => {
    const source = await goModuleFolder(moduleDir, module, progress);
    await copyFiles(join(source, "charts", "spark-operator-chart"), join(target, "spark-operator"));
  });
  return join(folder, "spark-operator");
}
