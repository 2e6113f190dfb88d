import { describe, expect, it } from "vitest";
import { neededJars } from "../../../../cli/images/spark-distribution.ts";

const jars = [
  "hive-exec-2.3.9-core.jar",
  "hive-storage-api-2.8.1.jar",
  "spark-core_2.12-3.5.7.jar",
];

describe("neededJars", () => {
  it("leaves out jars by the beginning of their names", () => {
    const list = "# Hive\n\nhive-exec-\n";
    expect(neededJars(jars, list)).toEqual([
      "hive-storage-api-2.8.1.jar",
      "spark-core_2.12-3.5.7.jar",
    ]);
  });

  it("refuses a list that is for another Spark", () => {
    expect(() => neededJars(jars, "hive-exec-\nmesos-\n")).toThrow(
      "unneeded-jars.txt names jars that Spark does not have: mesos-",
    );
  });
});
