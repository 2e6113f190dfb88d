import { expect, it } from "vitest";
import { uniqueId } from "../../../../providers/minio/unique-id.ts";

it("a unique id has Terraform's form: prefix, time, counter", () => {
  const time = new Date("2026-01-02T03:04:05.678Z");
  expect(uniqueId("user-", time)).toMatch(/^user-202601020304056780[0-9a-f]{8}$/);
  expect(uniqueId("user-", time)).not.toBe(uniqueId("user-", time));
});
