import { expect, it } from "vitest";

import { runIn } from "../support/faults.ts";

// A JVM that cannot use its archive says nothing and starts slowly.
it.each([
  ["Kafka broker", "/opt/kafka/classes.jsa"],
  ["catalog", "/opt/nessie/classes.jsa"],
  ["Spark driver", "/opt/spark/classes.jsa"],
  ["Spark executor", "/opt/spark/classes.jsa"],
  ["feature driver", "/opt/spark/classes.jsa"],
] as const)("the %s has its classes from the archive of its image", async (pod, archive) => {
  const command = "cat /proc/[0-9]*/maps 2>/dev/null | grep -o '/opt/.*jsa' | sort -u";
  expect((await runIn(pod, ["sh", "-c", command])).trim()).toBe(archive);
});
