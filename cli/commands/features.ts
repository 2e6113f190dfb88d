import Table from "cli-table3";
import type { Command } from "commander";

import type { Features } from "../../apps/dashboard/api.ts";
import { dashboardConnection, type DashboardConnection } from "../connection.ts";
import { UserError } from "../errors.ts";
import { jsonOption, stackOption } from "../options.ts";

/** How long the dashboard may take to answer, in ms. */
const patience = 10_000;

/** `npm run features SESSION PRODUCT`: what a model would be served, asked as it would ask. */
export function register(program: Command): void {
  program
    .command("features")
    .description("show the features that are served of a product in a session")
    .argument("<session>", "the user_session of events")
    .argument("<product>", "a product_id")
    .addOption(stackOption())
    .addOption(jsonOption())
    .action(async (session: string, product: string, options: FeaturesCommandOptions) => {
      const features = await readFeatures(
        await dashboardConnection(options.stack),
        session,
        product,
      );
      process.stdout.write(`${options.json ? JSON.stringify(features) : table(features)}\n`);
    });
}

interface FeaturesCommandOptions {
  readonly stack: string;
  readonly json: boolean;
}

/**
 * Asks the dashboard's API for features.
 * @throws UserError if there are none, or they cannot be read.
 */
export async function readFeatures(
  { url, headers }: DashboardConnection,
  session: string,
  product: string,
): Promise<Features> {
  const path = `/api/features/${encodeURIComponent(session)}/${encodeURIComponent(product)}`;
  let response: Response;
  let body: { readonly data?: Features; readonly error?: string };
  try {
    response = await fetch(`${url}${path}`, { headers, signal: AbortSignal.timeout(patience) });
    body = (await response.json()) as typeof body;
  } catch (cause) {
    throw new UserError(`The dashboard does not answer at ${url}`, {
      cure: "`npm run status` tells what is not ready; try again in a moment.",
      cause,
    });
  }
  if (body.data !== undefined) return body.data;
  throw new UserError(body.error ?? `The dashboard answered ${response.status}`, {
    cure: cures[response.status] ?? "`npm run status` tells what is not ready.",
  });
}

/** What to do about an answer without features, by its HTTP status. */
const cures: Readonly<Record<number, string>> = {
  400: "Name a user_session and a product_id of the same event.",
  401: "Run `npm run up`, which brings the dashboard's password in line.",
  404: "`npm run load -- FILE` loads events; a session's features are served once its events are through.",
};

function table(features: Features): string {
  const rows = new Table({ style: { head: [], border: [] } });
  rows.push(...Object.entries(features));
  return rows.toString();
}
