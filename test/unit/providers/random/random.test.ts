import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { resources } from "../../../../providers/random/resources.ts";
import { connect, SIGNATURE } from "../runtime/client.ts";
import type { EngineSide } from "../runtime/client.ts";

const PASSWORD = "random:index/randomPassword:RandomPassword";
const STRING = "random:index/randomString:RandomString";
const ID = "random:index/randomId:RandomId";
const UUID = "random:index/randomUuid:RandomUuid";

let engine: EngineSide;
beforeAll(async () => {
  engine = await connect({
    name: "random",
    version: "0.0.0",
    config: z.object({}),
    configure: () => ({}),
    resources,
  });
  await engine.configure({});
});
afterAll(() => {
  engine.stop();
});

describe("RandomPassword and RandomString", () => {
  test("a password is secret and not the id", async () => {
    const { id, properties } = await engine.create(PASSWORD, { length: 24 });
    const result = properties["result"] as Record<string, string>;
    expect(id).toBe("none");
    expect(result[SIGNATURE]).toBe("1b47061264138c4ac30d75fd1eb44270");
    expect(result["value"]).toHaveLength(24);
  });

  test("a string is its own id, and the outputs name the defaults", async () => {
    const { id, properties } = await engine.create(STRING, { length: 8, special: false });
    expect(id).toMatch(/^[0-9A-Za-z]{8}$/);
    expect(properties).toEqual({
      length: 8,
      lower: true,
      upper: true,
      numeric: true,
      number: true,
      special: false,
      minLower: 0,
      minUpper: 0,
      minNumeric: 0,
      minSpecial: 0,
      result: id,
    });
  });

  test.each([
    [{ length: 6, lower: false, upper: false, numeric: true, special: false }, /^\d{6}$/],
    [{ length: 6, lower: false, upper: false, number: false, overrideSpecial: "_" }, /^_{6}$/],
    [{ length: 4, minLower: 1, minUpper: 1, minNumeric: 1, minSpecial: 1 }, /[a-z]/],
    [{ length: 4, minLower: 1, minUpper: 1, minNumeric: 1, minSpecial: 1 }, /[A-Z]/],
    [{ length: 4, minLower: 1, minUpper: 1, minNumeric: 1, minSpecial: 1 }, /\d/],
    [{ length: 4, minLower: 1, minUpper: 1, minNumeric: 1, minSpecial: 1 }, /[^0-9A-Za-z]/],
  ])("%j gives %s", async (inputs, pattern) => {
    const { properties } = await engine.create(STRING, inputs);
    expect(properties["result"]).toMatch(pattern);
  });

  test.each([
    [
      { length: 3, minLower: 2, minUpper: 2 },
      "length",
      "is 3, less than the 4 characters that the minima ask for",
    ],
    [
      { length: 3, lower: false, upper: false, numeric: false, special: false },
      "lower",
      "is off, like upper, numeric and special: allow one of them",
    ],
  ])("%j is refused", async (inputs, property, reason) => {
    expect((await engine.check(PASSWORD, inputs)).failures).toEqual([{ property, reason }]);
  });

  test("every change draws anew, keepers among them", async () => {
    const diff = await engine.diff(
      PASSWORD,
      { length: 8, keepers: { year: "2025" } },
      { length: 8, keepers: { year: "2026" } },
    );
    expect(diff.replaces).toEqual(["keepers"]);
  });

  test("a refresh changes nothing; an import takes the id as the text", async () => {
    const refreshed = await engine.read(PASSWORD, "none", { length: 8, result: "abcdefgh" });
    expect(refreshed.properties).toEqual({
      length: 8,
      result: { [SIGNATURE]: "1b47061264138c4ac30d75fd1eb44270", value: "abcdefgh" },
    });
    expect((await engine.read(STRING, "hello")).properties).toEqual({ length: 5, result: "hello" });
  });
});

test("RandomId gives the same bytes in every form", async () => {
  const { id, properties } = await engine.create(ID, { byteLength: 4, prefix: "p-" });
  const bytes = Buffer.from(id, "base64url");
  expect(bytes).toHaveLength(4);
  expect(properties).toEqual({
    byteLength: 4,
    prefix: "p-",
    hex: `p-${bytes.toString("hex")}`,
    dec: `p-${bytes.readUInt32BE()}`,
    b64Std: `p-${bytes.toString("base64")}`,
    b64Url: `p-${id}`,
  });
});

test("RandomUuid is a version 4 UUID", async () => {
  const { id, properties } = await engine.create(UUID, {});
  expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  expect(properties).toEqual({ result: id });
});
