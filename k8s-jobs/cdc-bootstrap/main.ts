import { UserError } from "../../cli/errors.ts";
import { bootstrap } from "./bootstrap.ts";
import { readSettings } from "./settings.ts";

try {
  await bootstrap(readSettings(process.env));
} catch (error) {
  console.error(error instanceof Error ? error.message : "something that is no error was thrown");
  console.error(
    error instanceof UserError ? error.cure : "`npm run logs kafka-connect` tells more.",
  );
  process.exitCode = 1;
}
