import { z } from "zod";

import { readEnvironment } from "../environment.ts";

/** What the container is told by its environment. */
const environment = z.object({
  KAFKA_BROKERS: z
    .string()
    .transform((text) => text.split(",").map((broker) => broker.trim()))
    .pipe(
      z.array(z.string().regex(/^[^\s:]+:\d+$/, "host:port, several separated by commas")).min(1),
    ),
  /** Where /healthz, /readyz and /metrics are served. */
  PORT: z.coerce.number().int().min(0).max(65_535).default(8080),
  /** Events per second, on average over a day. */
  RATE: z.coerce.number().positive().max(1_000_000).default(20),
  /** `daily`: quiet nights and busy evenings, UTC; `flat`: the same rate all day. */
  RHYTHM: z.enum(["daily", "flat"]).default("daily"),
  SEED: z.coerce.number().int().default(1),
  /** Share of the events that break the contract. */
  MALFORMED_SHARE: z.coerce.number().min(0).max(1).default(0.001),
});

export type Settings = z.infer<typeof environment>;

/** @throws UserError that names every variable that is wrong. */
export function readSettings(variables: NodeJS.ProcessEnv): Settings {
  return readEnvironment(environment, variables, "the producer");
}
