import { readFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { ensureDebianPackages } from "../host/apt.ts";
import { runLogged, succeeds } from "../host/command.ts";
import { withLock } from "../host/lock.ts";
import { cacheDir } from "../host/paths.ts";
import type { Progress } from "../progress.ts";
import { stored } from "./store.ts";

const goal = ["--batch-mode", "--no-transfer-progress", "dependency:copy-dependencies"];
const scope = "-DincludeScope=runtime";

/**
 * Fetches the jars that a pom.xml names, with what they need at run time, and returns their folder
 * in the cache. Maven is installed from the distribution where there is none.
 */
export async function mavenJars(pomFile: string, progress: Progress): Promise<string> {
  const pom = await readFile(pomFile, "utf8");
  const name = `jars-${basename(dirname(pomFile))}`;
  return stored({ name, madeFrom: [pom, ...goal, scope] }, async (folder) => {
    await ensureMaven(progress);
    progress("fetching jars from Maven Central");
    // Maven's local repository takes one writer at a time.
    await withLock(join(cacheDir, "locks", "maven"), () =>
      runLogged(
        "mvn",
        [...goal, scope, "-Dstyle.color=never", "--file", pomFile, `-DoutputDirectory=${folder}`],
        {
          what: `Fetching the jars of ${pomFile}`,
          cure: "Check that Maven Central (or the mirror in ~/.m2/settings.xml) can be reached, then try again.",
          logFile: join(cacheDir, "logs", `${name}.log`),
        },
        progress,
      ),
    );
  });
}

async function ensureMaven(progress: Progress): Promise<void> {
  if (await succeeds("mvn", ["--version"]).catch(() => false)) return;
  await ensureDebianPackages(["maven"], progress);
}
