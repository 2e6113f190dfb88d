import { z } from "zod";

import { brokers, hostAndPort, port, readEnvironment } from "../environment.ts";

const file = z.string().min(1);

/** What the container is told by its environment. */
const environment = z.object({
  /** Where /healthz, /readyz and /metrics are served. */
  PORT: port,
  /** `host:port` of the query engine, and files that hold its user and password. */
  FLIGHT_ADDRESS: hostAndPort,
  FLIGHT_USER_FILE: file,
  FLIGHT_PASSWORD_FILE: file,
  /** `host:port` of Redis, and files that hold its user and password. */
  REDIS_ADDRESS: hostAndPort,
  REDIS_USER_FILE: file,
  REDIS_PASSWORD_FILE: file,
  /** Brokers of the topic for what cannot be delivered. */
  KAFKA_BROKERS: brokers,
  /** File that holds the URL that alerts are sent to: a secret, since whoever knows it may post. */
  WEBHOOK_URL_FILE: file,
  /** What is sent: our own JSON, or a message as Slack's incoming webhooks take it. */
  WEBHOOK_FORMAT: z.enum(["json", "slack"]).default("json"),
});

export type Settings = z.infer<typeof environment>;

/** @throws UserError that names every variable that is wrong. */
export function readSettings(variables: NodeJS.ProcessEnv): Settings {
  return readEnvironment(environment, variables, "the notifier");
}
