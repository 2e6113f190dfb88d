import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";

import { connect } from "../../query/client/flight-client.ts";
import { createApp } from "./app.ts";
import { Board } from "./board.ts";
import { DashboardMetrics } from "./metrics.ts";
import { readSettings } from "./settings.ts";

/** A query that takes longer tells viewers that something is wrong. */
const queryDeadlineSeconds = 10;

/** The built client: beside the bundle in the image, or where Vite puts it in the repository. */
const publicFolder = [
  join(import.meta.dirname, "public"),
  join(import.meta.dirname, "../dist/public"),
].find(existsSync);

async function secret(file: string): Promise<string> {
  return (await readFile(file, "utf8")).trimEnd();
}

async function run(): Promise<void> {
  if (publicFolder === undefined) {
    throw new Error(
      "The client is not built: npx vite build --config apps/dashboard/client/vite.config.ts",
    );
  }
  const settings = readSettings(process.env);
  const flight = connect({
    address: settings.FLIGHT_ADDRESS,
    username: await secret(settings.FLIGHT_USER_FILE),
    password: await secret(settings.FLIGHT_PASSWORD_FILE),
    deadlineSeconds: queryDeadlineSeconds,
  });
  const metrics = new DashboardMetrics();
  const board = new Board(metrics.timed((sql) => flight.query(sql)));
  metrics.observe(board);
  const app = await createApp({ board, metrics: metrics.registry, publicFolder });
  console.log(`listening at ${await app.listen({ host: "0.0.0.0", port: settings.PORT })}`);

  for (const signal of ["SIGTERM", "SIGINT"]) {
    process.once(signal, () => {
      void app.close().then(() => {
        flight.close();
      });
    });
  }
}

try {
  await run();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
