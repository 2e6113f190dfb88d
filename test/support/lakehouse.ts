import { execa } from "execa";

import { root } from "../../cli/host/paths.ts";

/** The stack that is tested; `npm test` says which, and `test` has no optional parts. */
export const stack = process.env["LAKEHOUSE_TEST_STACK"] ?? "test";

/** How a command ended. */
export interface Outcome {
  readonly exitCode: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs one of the project's commands as a user would; never throws for an exit code. */
export async function lakehouse(...args: readonly string[]): Promise<Outcome> {
  const [command, ...rest] = args;
  const { exitCode, stdout, stderr } = await execa(
    "node",
    ["cli/lakehouse.mjs", String(command), "--stack", stack, ...rest],
    {
      cwd: root,
      reject: false,
      stdin: "ignore",
      timeout: 20 * 60_000,
    },
  );
  return { exitCode, stdout, stderr };
}

/** Rows of a query, decimals as strings, through the command that a user has. */
export async function sql<Row = Record<string, unknown>>(query: string): Promise<Row[]> {
  const { exitCode, stdout, stderr } = await lakehouse("sql", "--json", query);
  if (exitCode !== 0) throw new Error(`${query}\n${stderr}`);
  return JSON.parse(stdout) as Row[];
}

/** The first row of a query. */
export async function sqlRow<Row = Record<string, unknown>>(query: string): Promise<Row> {
  const [row] = await sql<Row>(query);
  if (row === undefined) throw new Error(`no row: ${query}`);
  return row;
}

/**
 * Asks again until the answer passes, at most for `seconds`.
 * @throws Error with the last answer when the deadline has passed.
 */
export async function eventually<Answer>(
  what: string,
  ask: () => Promise<Answer>,
  passes: (answer: Answer) => boolean,
  seconds = 120,
): Promise<Answer> {
  const deadline = Date.now() + seconds * 1000;
  for (;;) {
    const answer = await ask().catch((error: unknown) => error as Error);
    if (!(answer instanceof Error) && passes(answer)) return answer;
    if (Date.now() > deadline) {
      const last = answer instanceof Error ? answer.message : JSON.stringify(answer);
      throw new Error(`${what}: not within ${seconds} s; last: ${last}`);
    }
    await new Promise((resume) => setTimeout(resume, 500));
  }
}
