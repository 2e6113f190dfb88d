import { parseArgs } from "node:util";

import { z } from "zod";

import { readEnvironment } from "../../apps/environment.ts";
import { UserError } from "../../cli/errors.ts";
import { type Flow, flows } from "./flow.ts";
import type { ObjectStoreAccess } from "./object-store.ts";
import { type Pace, parsePace } from "./pace.ts";

const usage = "replay.mjs --flow training|testing [--pace OBJECTS_PER_SECOND|max]";

/** What the container is told by its environment. */
const environment = z.object({
  S3_ENDPOINT: z.url({ protocol: /^https?$/, error: "must be an HTTP URL" }),
  AWS_ACCESS_KEY_ID: z.string().min(1),
  AWS_SECRET_ACCESS_KEY: z.string().min(1),
});

export interface Settings {
  readonly flow: Flow;
  readonly pace: Pace;
  readonly access: ObjectStoreAccess;
}

/** @throws UserError if an argument makes no sense, or that names every variable that is wrong. */
export function readSettings(args: readonly string[], variables: NodeJS.ProcessEnv): Settings {
  const { flow, pace } = readArguments(args);
  const { S3_ENDPOINT: endpoint, ...keys } = readEnvironment(environment, variables, "the copier");
  return {
    flow,
    pace,
    access: {
      endpoint,
      accessKey: keys.AWS_ACCESS_KEY_ID,
      secretKey: keys.AWS_SECRET_ACCESS_KEY,
    },
  };
}

function readArguments(args: readonly string[]): { flow: Flow; pace: Pace } {
  let values;
  try {
    ({ values } = parseArgs({
      args: [...args],
      options: { flow: { type: "string" }, pace: { type: "string", default: "max" } },
    }));
  } catch (error) {
    throw new UserError((error as Error).message, { cure: usage });
  }
  const flow = flows.find((name) => name === values.flow);
  if (flow === undefined) throw new UserError("There is no such flow", { cure: usage });
  return { flow, pace: parsePace(values.pace) };
}
