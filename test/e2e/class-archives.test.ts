import { expect, it } from "vitest";

import { mappedArchives } from "../support/class-archives.ts";

it.each([
  ["Kafka broker", "/opt/kafka/classes.jsa"],
  ["catalog", "/opt/nessie/classes.jsa"],
  ["Spark driver", "/opt/spark/classes.jsa"],
  ["feature driver", "/opt/spark/classes.jsa"],
] as const)("the %s has its classes from the archive of its image", async (pod, archive) => {
  expect(await mappedArchives(pod)).toBe(archive);
});
