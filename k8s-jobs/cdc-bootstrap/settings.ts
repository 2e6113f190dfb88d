import { z } from "zod";

import { readEnvironment, secretFile } from "../../apps/environment.ts";

/** What the container is told by its environment. */
const environment = z.object({
  CONNECT_URL: z.url({ protocol: /^https?$/, error: "must be an HTTP URL" }),
  DATABASE_ADDRESS: z.string().regex(/^[^:]+:\d+$/, "must be HOST:PORT"),
  DATABASE: z.string().min(1),
  DATABASE_USER_FILE: secretFile,
  DATABASE_PASSWORD_FILE: secretFile,
  PUBLICATION: z.string().min(1),
  SLOT: z.string().min(1),
  /** Folder in Connect's pods with the files `username` and `password` of the replication role. */
  REPLICATION_CREDENTIALS: z.string().min(1),
  /** How long to wait, in seconds, for what is not there yet. */
  PATIENCE: z.coerce.number().int().min(1).max(3600).default(240),
});

/** The database whose changes are captured, and its owner, who makes the table. */
export interface Database {
  readonly host: string;
  readonly port: number;
  readonly name: string;
  readonly user: string;
  readonly password: string;
}

/** Where the database and Connect are, and how Connect reads the changes. */
export interface Settings {
  readonly connectUrl: string;
  readonly database: Database;
  readonly publication: string;
  readonly slot: string;
  /** Folder in Connect's pods with the files `username` and `password` of the replication role. */
  readonly replicationCredentials: string;
  readonly patienceSeconds: number;
}

/** @throws UserError that names every variable that is wrong. */
export function readSettings(variables: NodeJS.ProcessEnv): Settings {
  const values = readEnvironment(environment, variables, "the bootstrap");
  const [host = "", port] = values.DATABASE_ADDRESS.split(":");
  return {
    connectUrl: values.CONNECT_URL,
    database: {
      host,
      port: Number(port),
      name: values.DATABASE,
      user: values.DATABASE_USER_FILE,
      password: values.DATABASE_PASSWORD_FILE,
    },
    publication: values.PUBLICATION,
    slot: values.SLOT,
    replicationCredentials: values.REPLICATION_CREDENTIALS,
    patienceSeconds: values.PATIENCE,
  };
}
