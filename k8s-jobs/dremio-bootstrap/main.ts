import { UserError } from "../../cli/errors.ts";
import { bootstrap } from "./bootstrap.ts";
import { readSettings } from "./settings.ts";

try {
  const changes = await bootstrap(readSettings(process.env));
  console.log(changes.length === 0 ? "nothing to do" : "done");
} catch (error) {
  // No stack and no cause: they may hold what was sent, and that holds passwords.
  console.error(error instanceof Error ? error.message : "something that is no error was thrown");
  console.error(error instanceof UserError ? error.cure : "`npm run logs query` tells more.");
  process.exitCode = 1;
}
