import { text } from "node:stream/consumers";

import Table from "cli-table3";
import type { Command } from "commander";

import { FlightError, type Row } from "../../apps/query/client/flight-client.ts";
import { connection } from "../connection.ts";
import { UserError } from "../errors.ts";
import { jsonOption, stackOption } from "../options.ts";

/** `npm run sql "SELECT ..."`: asks the tables through Arrow Flight. */
export function register(program: Command): void {
  program
    .command("sql")
    .description("query the tables")
    .argument("<statement>", 'one SQL statement, or "-" to read it from standard input')
    .addOption(stackOption())
    .addOption(jsonOption())
    .action(async (statement: string, { stack, json }: { stack: string; json: boolean }) => {
      const sql = statement === "-" ? await text(process.stdin) : statement;
      if (sql.trim() === "") {
        throw new UserError("There is no SQL statement", {
          cure: 'Give one: npm run sql "SHOW TABLES"',
        });
      }
      const { flight } = await connection(stack);
      const begin = performance.now();
      try {
        const rows = await flight.query(sql);
        const seconds = (performance.now() - begin) / 1000;
        process.stdout.write(`${json ? JSON.stringify(rows) : resultTable(rows)}\n`);
        process.stderr.write(
          `${rows.length} ${rows.length === 1 ? "row" : "rows"} in ${seconds.toFixed(2)} s\n`,
        );
      } catch (error) {
        throw error instanceof FlightError ? userError(error) : error;
      } finally {
        flight.close();
      }
    });
}

/** Tells a failed query with its cure. */
export function userError(error: FlightError): UserError {
  const cause = error;
  switch (error.code) {
    case "UNAVAILABLE":
      return new UserError(`The query engine cannot answer: ${error.message}`, {
        cure: "`npm run status` tells what is not ready; try again in a moment.",
        cause,
      });
    case "DEADLINE_EXCEEDED":
      return new UserError("The query took too long", {
        cure: "Ask for less, for example with WHERE on event_time.",
        cause,
      });
    case "UNAUTHENTICATED":
      return new UserError(`The query engine refuses the user of this stack: ${error.message}`, {
        cure: "Run `npm run up`, which brings its credentials in line.",
        cause,
      });
    default:
      return new UserError(error.message, {
        cure: 'Correct the statement; `npm run sql "SHOW TABLES"` lists the tables.',
        cause,
      });
  }
}

/** The rows as a table for a person: numbers to the right, nested values as JSON. */
export function resultTable(rows: readonly Row[]): string {
  const columns = Object.keys(rows[0] ?? {});
  const table = new Table({
    head: columns,
    style: { head: [], border: [] },
    colAligns: columns.map((column) =>
      rows.every((row) => isNumeric(row[column])) ? "right" : "left",
    ),
  });
  table.push(...rows.map((row) => columns.map((column) => cell(row[column]))));
  return table.toString();
}

type Cell = Row[string] | undefined;

const isNumeric = (value: Cell): boolean =>
  value === null ||
  typeof value === "number" ||
  (typeof value === "string" && /^-?\d+\.\d+$/.test(value));

function cell(value: Cell): string {
  if (value === null || value === undefined) return "NULL";
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}
