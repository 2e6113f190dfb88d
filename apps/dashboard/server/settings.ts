import { z } from "zod";

import { brokers, hostAndPort, port, readEnvironment } from "../../environment.ts";

/** An address without a slash at its end, so that paths can be appended. */
const base = z.url().transform((url) => url.replace(/\/+$/, ""));

/** What the container is told by its environment. */
const environment = z
  .object({
    PORT: port,
    /** `host:port` of the query engine. */
    FLIGHT_ADDRESS: hostAndPort,
    /** Files that hold the query engine's user and password. */
    FLIGHT_USER_FILE: z.string().min(1),
    FLIGHT_PASSWORD_FILE: z.string().min(1),
    /** `password`: only who knows it sees anything; `none`: everybody does. */
    AUTH: z.enum(["password", "none"]).default("password"),
    /** Files that hold the viewers' user and password. */
    AUTH_USER_FILE: z.string().min(1).optional(),
    AUTH_PASSWORD_FILE: z.string().min(1).optional(),
    /** `host:port` of some brokers, with commas between them; without it topics are not shown. */
    KAFKA_BROKERS: brokers.optional(),
    /** `host:port` of the online store; without it no features are served. */
    REDIS_ADDRESS: hostAndPort.optional(),
    /** Files that hold the online store's user and password. */
    REDIS_USER_FILE: z.string().min(1).optional(),
    REDIS_PASSWORD_FILE: z.string().min(1).optional(),
    /** Base address of Nessie; without it tables are not shown. */
    NESSIE_URI: base.optional(),
    /** Base address of the streaming driver's UI; without it streaming queries are not shown. */
    SPARK_UI_URI: base.optional(),
    /** Reverse proxies in front of it, each of which adds its client to X-Forwarded-For (0 to 9). */
    PROXY_HOPS: z.coerce.number().int().min(0).max(9).optional(),
  })
  .refine(
    ({ AUTH, AUTH_USER_FILE, AUTH_PASSWORD_FILE }) =>
      AUTH === "none" || (AUTH_USER_FILE !== undefined && AUTH_PASSWORD_FILE !== undefined),
    { path: ["AUTH"], error: "password needs AUTH_USER_FILE and AUTH_PASSWORD_FILE" },
  )
  .refine(
    ({ REDIS_ADDRESS, REDIS_USER_FILE, REDIS_PASSWORD_FILE }) =>
      REDIS_ADDRESS === undefined ||
      (REDIS_USER_FILE !== undefined && REDIS_PASSWORD_FILE !== undefined),
    { path: ["REDIS_ADDRESS"], error: "needs REDIS_USER_FILE and REDIS_PASSWORD_FILE" },
  );

export type Settings = z.infer<typeof environment>;

/** @throws UserError that names every variable that is wrong. */
export function readSettings(variables: NodeJS.ProcessEnv): Settings {
  return readEnvironment(environment, variables, "the dashboard");
}
