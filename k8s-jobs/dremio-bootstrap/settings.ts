import { z } from "zod";

import { readEnvironment, secretFile } from "../../apps/environment.ts";

const url = z.url({ protocol: /^https?$/, error: "must be an HTTP URL" });

/** What the container is told by its environment. */
const environment = z.object({
  DREMIO_URL: url,
  DREMIO_USER_FILE: secretFile,
  DREMIO_PASSWORD_FILE: secretFile,
  /** Nessie's native API. */
  NESSIE_URI: url.regex(/\/api\/v2$/, "must end with /api/v2"),
  S3_ENDPOINT: url,
  S3_ACCESS_KEY_FILE: secretFile,
  S3_SECRET_KEY_FILE: secretFile,
  /** Folder with the SQL of the views. */
  VIEWS: z.string().min(1),
  /** How long to wait, in seconds, for what is not there yet: Dremio, the catalog, the tables. */
  PATIENCE: z.coerce.number().int().min(1).max(3600).default(540),
});

/** Where Dremio is, who its first user is, and what it is to know. */
export interface Settings {
  readonly dremio: {
    readonly url: string;
    readonly username: string;
    readonly password: string;
  };
  /** Nessie's native API, ending in `/api/v2`. */
  readonly nessieUri: string;
  readonly objectStorage: {
    readonly endpoint: string;
    readonly accessKey: string;
    readonly secretKey: string;
  };
  /** Folder with the SQL of the views. */
  readonly views: string;
  readonly patienceSeconds: number;
}

/** @throws UserError that names every variable that is wrong. */
export function readSettings(variables: NodeJS.ProcessEnv): Settings {
  const values = readEnvironment(environment, variables, "the bootstrap");
  return {
    dremio: {
      url: values.DREMIO_URL,
      username: values.DREMIO_USER_FILE,
      password: values.DREMIO_PASSWORD_FILE,
    },
    nessieUri: values.NESSIE_URI,
    objectStorage: {
      endpoint: values.S3_ENDPOINT,
      accessKey: values.S3_ACCESS_KEY_FILE,
      secretKey: values.S3_SECRET_KEY_FILE,
    },
    views: values.VIEWS,
    patienceSeconds: values.PATIENCE,
  };
}
