import { readFile } from "node:fs/promises";

import { z } from "zod";

/** `host:port` of a server. */
export const hostAndPort = z.string().regex(/^[^\s:]+:\d+$/, "host:port");

/** `host:port` of some brokers, with commas between them. */
export const brokers = z.string().regex(/^[^\s:,]+:\d+(,[^\s:,]+:\d+)*$/, "host:port,host:port");

/** The port that a program listens at; 0 lets the system choose one. */
export const port = z.coerce.number().int().min(0).max(65_535).default(8080);

/**
 * Reads what a container is told by its environment.
 * @throws Error that names every variable that is wrong.
 */
export function readEnvironment<Schema extends z.ZodType>(
  schema: Schema,
  variables: NodeJS.ProcessEnv,
): z.infer<Schema> {
  const result = schema.safeParse(variables);
  if (result.success) return result.data;
  const complaints = result.error.issues.map(
    ({ path, message }) => `${path.join(".")}: ${message}`,
  );
  throw new Error(`The environment is wrong: ${complaints.join("; ")}`);
}

/** An entry of a Secret that is mounted as a file. */
export async function readSecret(file: string): Promise<string> {
  return (await readFile(file, "utf8")).trimEnd();
}
