import { readdir, readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { copyFiles } from "../build/content.ts";
import { pythonSources } from "../build/python.ts";
import { stored } from "../build/store.ts";
import { root } from "../host/paths.ts";
import type { Input } from "./table.ts";

const folder = join(root, "images", "spark");

/**
 * A Spark home (`bin`, `jars/lib`, `python`) made of the pyspark package, which holds all of Spark, less
 * the jars that unneeded-jars.txt names, examples and tests.
 */
export const sparkDistribution: Input = async (progress) => {
  const packages = await pythonSources(join(folder, "requirements.txt"), progress);
  const unneeded = await readFile(join(folder, "unneeded-jars.txt"), "utf8");
  const recipe = await readFile(import.meta.filename, "utf8");
  const madeFrom = [basename(packages), unneeded, recipe];
  return stored({ name: "spark", madeFrom }, async (target) => {
    progress("laying out Spark");
    const pyspark = join(packages, "pyspark");
    await copyFiles(join(pyspark, "bin"), join(target, "bin"));
    for (const jar of neededJars(await readdir(join(pyspark, "jars")), unneeded)) {
      await copyFiles(join(pyspark, "jars", jar), join(target, "jars", "lib", jar));
    }
    // Spark puts SPARK_HOME/python on the path of every Python worker.
    await copyFiles(pyspark, join(target, "python", "pyspark"), notPython);
    await copyFiles(join(packages, "py4j"), join(target, "python", "py4j"), notPython);
  });
};

/** What of the packages is not Python, or serves tests only. */
const notPython =
  /^(bin|data|examples|jars|licenses|python|sbin)$|(^|\/)(testing|tests|__pycache__|[^/]*\.pyi)$/;

/**
 * The jars that no line of the list is a prefix of.
 * @param list - one prefix a line; empty lines and lines that begin with `#` do not count
 * @throws Error when a prefix fits no jar: the list is then for another version of Spark
 */
export function neededJars(jars: readonly string[], list: string): string[] {
  const prefixes = list
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "" && !line.startsWith("#"));
  const idle = prefixes.filter((prefix) => !jars.some((jar) => jar.startsWith(prefix)));
  if (idle.length > 0) {
    throw new Error(`unneeded-jars.txt names jars that Spark does not have: ${idle.join(", ")}`);
  }
  return jars.filter((jar) => !prefixes.some((prefix) => jar.startsWith(prefix)));
}
