import { z } from "zod";

import { brokers, hostAndPort, port, readEnvironment } from "../../environment.ts";
import { problemOfIssuer } from "./access/oidc/issuer-url.ts";
import { dangerOf, parseRules, problemOfRules } from "./access/oidc/rules.ts";

/** An address without a slash at its end, so that paths can be appended. */
const base = z.url().transform((url) => url.replace(/\/+$/, ""));

/** A text that is read once nothing is wrong with it. */
const checked = <Read>(
  problemOf: (text: string) => string | undefined,
  read: (text: string) => Read,
) =>
  z.string().transform((text, context) => {
    const message = problemOf(text);
    if (message === undefined) return read(text);
    context.addIssue({ code: "custom", message });
    return z.NEVER;
  });

/** The settings of a sign-in at an issuer, beside those of the programs' password. */
const oidcNeeds = ["OIDC_ISSUER", "OIDC_CLIENT_ID", "OIDC_ALLOWED", "SESSION_KEY_FILE"] as const;

/** What the container is told by its environment. */
const environment = z
  .object({
    PORT: port,
    /** `host:port` of the query engine. */
    FLIGHT_ADDRESS: hostAndPort,
    /** Files that hold the query engine's user and password. */
    FLIGHT_USER_FILE: z.string().min(1),
    FLIGHT_PASSWORD_FILE: z.string().min(1),
    /** `password`: only who knows it sees anything; `oidc`: users of an issuer; `none`: everybody does. */
    AUTH: z.enum(["password", "oidc", "none"]).default("password"),
    /** Files that hold the viewers' user and password; with `oidc` those of programs. */
    AUTH_USER_FILE: z.string().min(1).optional(),
    AUTH_PASSWORD_FILE: z.string().min(1).optional(),
    /** Where users sign in with `oidc`, as what client, and who of them may look. */
    OIDC_ISSUER: checked(problemOfIssuer, (text) => new URL(text)).optional(),
    OIDC_CLIENT_ID: z.string().min(1).optional(),
    OIDC_ALLOWED: checked(problemOfRules, parseRules).optional(),
    /** File that holds the client's secret; without it the client is a public one. */
    OIDC_CLIENT_SECRET_FILE: z.string().min(1).optional(),
    /** File that holds what the sessions of `oidc` are sealed with. */
    SESSION_KEY_FILE: z.string().min(1).optional(),
    /** How browsers reach the dashboard; without it, at the address that they ask for. */
    PUBLIC_URL: base.optional(),
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
  .refine((all) => all.AUTH !== "oidc" || oidcNeeds.every((name) => all[name] !== undefined), {
    path: ["AUTH"],
    error: `oidc needs ${oidcNeeds.join(", ")}`,
  })
  .superRefine(({ AUTH, OIDC_ISSUER, OIDC_ALLOWED }, context) => {
    if (AUTH !== "oidc" || OIDC_ISSUER === undefined || OIDC_ALLOWED === undefined) return;
    const message = dangerOf(OIDC_ALLOWED, OIDC_ISSUER);
    if (message !== undefined) {
      context.addIssue({ code: "custom", path: ["OIDC_ALLOWED"], message });
    }
  })
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
