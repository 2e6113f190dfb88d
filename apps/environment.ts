import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";

import { z } from "zod";

import { UserError } from "../cli/errors.ts";

/** `host:port` of a server. */
export const hostAndPort = z.string().regex(/^[^\s:]+:\d+$/, "host:port");

/** `host:port` of some brokers, with commas between them. */
export const brokers = z.string().regex(/^[^\s:,]+:\d+(,[^\s:,]+:\d+)*$/, "host:port,host:port");

/** The port that a program listens at; 0 lets the system choose one. */
export const port = z.coerce.number().int().min(0).max(65_535).default(8080);

/** A file's path as a variable gives it, read to the text of the entry of a Secret that it is. */
export const secretFile = z.string().transform((path, context) => {
  try {
    return readFileSync(path, "utf8").trim();
  } catch (error) {
    context.addIssue({ code: "custom", message: (error as Error).message });
    return z.NEVER;
  }
});

/**
 * Reads what a container is told by its environment.
 * @param whose - the program in the container, such as `the producer`
 * @throws UserError that names every variable that is wrong.
 */
export function readEnvironment<Schema extends z.ZodType>(
  schema: Schema,
  variables: NodeJS.ProcessEnv,
  whose: string,
): z.infer<Schema> {
  const result = schema.safeParse(variables);
  if (result.success) return result.data;
  const complaints = result.error.issues.map(
    ({ path, message }) => `${path.join(".")}: ${message}`,
  );
  throw new UserError(`The environment is wrong: ${complaints.join("; ")}`, {
    cure: `Set these variables of ${whose}'s container.`,
  });
}

/** An entry of a Secret that is mounted as a file. */
export async function readSecret(file: string): Promise<string> {
  return (await readFile(file, "utf8")).trimEnd();
}
