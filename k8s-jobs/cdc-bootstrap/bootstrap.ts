import type { Patience } from "../dremio-bootstrap/patience.ts";
import { ConnectClient } from "./connect-client.ts";
import { connectorConfig, connectorName } from "./connector.ts";
import { ensureTable } from "./orders-table.ts";
import type { Settings } from "./settings.ts";

export interface BootstrapOptions {
  /** Longest pause between two attempts, in ms. @default 2000 */
  readonly pause?: number;
  readonly log?: (line: string) => void;
}

/**
 * Makes the demo table if there is none, and lets Kafka Connect capture its changes. What is right
 * already is left alone, so it may be run at any time, also after it was cut off.
 * @throws UserError when Connect refuses the connector or the connector fails; an error of Postgres.
 */
export async function bootstrap(
  settings: Settings,
  { pause = 2000, log = console.log }: BootstrapOptions = {},
): Promise<void> {
  const patience: Patience = {
    deadline: Date.now() + settings.patienceSeconds * 1000,
    pause,
    log,
  };
  await ensureTable(settings.database, patience);
  log("the table public.orders is there");
  const connect = new ConnectClient(settings.connectUrl, patience);
  await connect.configure(connectorName, connectorConfig(settings));
  await connect.waitUntilRunning(connectorName);
  log(`the connector ${connectorName} runs`);
}
