import { z } from "zod";

/** What the container is told by its environment. */
const environment = z.object({
  PORT: z.coerce.number().int().min(0).max(65_535).default(8080),
  /** `host:port` of the query engine. */
  FLIGHT_ADDRESS: z.string().regex(/^[^\s:]+:\d+$/, "host:port"),
  /** Files that hold the query engine's user and password. */
  FLIGHT_USER_FILE: z.string().min(1),
  FLIGHT_PASSWORD_FILE: z.string().min(1),
});

export type Settings = z.infer<typeof environment>;

/** @throws Error that names every variable that is wrong. */
export function readSettings(variables: NodeJS.ProcessEnv): Settings {
  const result = environment.safeParse(variables);
  if (result.success) return result.data;
  const complaints = result.error.issues.map(
    ({ path, message }) => `${path.join(".")}: ${message}`,
  );
  throw new Error(`The environment is wrong: ${complaints.join("; ")}`);
}
