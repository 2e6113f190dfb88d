import { DremioClient } from "./client.ts";
import type { Patience } from "./patience.ts";
import { ensureFreshAnswers, ensureReflections } from "./reflections.ts";
import type { Settings } from "./settings.ts";
import { ensureSource } from "./source.ts";
import { ensureSpace } from "./space.ts";
import { ensureViews, readViews } from "./views.ts";

export interface BootstrapOptions {
  /** Longest pause between two attempts, in ms. @default 5000 */
  readonly pause?: number;
  readonly log?: (line: string) => void;
}

/**
 * Brings a Dremio, new or not, to what the lakehouse needs of it. What is right already is left alone,
 * so it may be run at any time, also after it was cut off.
 * @returns what was changed; nothing on the second run.
 * @throws UserError, DremioError, or what was waited for in vain.
 */
export async function bootstrap(
  settings: Settings,
  { pause = 5000, log = console.log }: BootstrapOptions = {},
): Promise<string[]> {
  const patience: Patience = {
    deadline: Date.now() + settings.patienceSeconds * 1000,
    pause,
    log,
  };
  const views = await readViews(settings.views);
  const client = new DremioClient({
    ...settings.dremio,
    secrets: [settings.objectStorage.secretKey],
    patience,
  });
  const changes: string[] = [];
  const report = (what: string, isChanged: boolean): void => {
    log(`${what}: ${isChanged ? "set up" : "as it should be"}`);
    if (isChanged) changes.push(what);
  };

  await client.signIn();
  report("fresh answers", await ensureFreshAnswers(client));
  report("source", await ensureSource(client, settings, patience));
  report("space", await ensureSpace(client));
  const changedViews = await ensureViews(client, views, patience);
  for (const { name } of views) report(`view ${name}`, changedViews.includes(name));
  for (const table of await ensureReflections(client, patience)) {
    report(`reflection of ${table}`, true);
  }
  return changes;
}
