import type { Command } from "commander";

import { requireDeployment } from "../deployment.ts";
import { jsonOption, pluginsOption, stackOption } from "../options.ts";
import { type Outcome, showWarnings } from "../pulumi/outcome.ts";
import type { PluginChoice } from "../pulumi/plugins.ts";
import { PlatformStack } from "../pulumi/stack.ts";
import { runSteps } from "../steps.ts";

interface PreviewOptions {
  readonly stack: string;
  readonly plugins: PluginChoice;
  readonly json: boolean;
}

/** `npm run preview`: what `up` would change, resource by resource and field by field. */
export function register(program: Command): void {
  program
    .command("preview")
    .description("show what `up` would change")
    .addOption(stackOption())
    .addOption(pluginsOption())
    .addOption(jsonOption())
    .action(async ({ stack: name, plugins, json }: PreviewOptions) => {
      const { kubeconfig } = await requireDeployment(name);
      const stack = new PlatformStack({ stack: name, kubeconfig, plugins });
      const outcome = await previewOf(stack);
      const { changes } = outcome;
      showWarnings(outcome);
      if (json) {
        process.stdout.write(`${JSON.stringify(changes)}\n`);
      } else if (changes.length === 0) {
        process.stdout.write("No changes\n");
      } else {
        for (const { operation, resource, fields } of changes) {
          const detail = fields.length > 0 ? `: ${fields.join(", ")}` : "";
          process.stdout.write(`${operation} ${resource}${detail}\n`);
        }
      }
    });
}

async function previewOf(stack: PlatformStack): Promise<Outcome> {
  let outcome: Outcome = { changes: [], warnings: [] };
  await runSteps([
    {
      title: "Preview",
      run: async (progress) => {
        outcome = await stack.preview(progress);
      },
    },
  ]);
  return outcome;
}
