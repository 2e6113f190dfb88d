import fc from "fast-check";
import { expect, test } from "vitest";
import {
  Asset,
  decode,
  encode,
  equals,
  formatPath,
  isWithin,
  markSecrets,
  parsePath,
  Secret,
  secret,
  UNKNOWN,
} from "../../../../providers/runtime/values.ts";
import { SIGNATURE, UNKNOWN_TEXT, wireSecret } from "./client.ts";

test("secrets come unwrapped, with the places where they were", () => {
  const wire = { a: wireSecret({ b: 1 }), list: [1, wireSecret("x")] };
  const decoded = decode(wire);
  expect(decoded).toEqual({
    values: { a: { b: 1 }, list: [1, "x"] },
    secrets: [["a"], ["list", 1]],
  });
  expect(encode(decoded.values, decoded.secrets)).toEqual(wire);
});

test("output values carry secrets and unknowns", () => {
  const output = { [SIGNATURE]: "d0e6a833031e9bbcd3f4e8bde6ca49a4" };
  expect(decode({ a: { ...output, secret: true, value: 1 }, b: output })).toEqual({
    values: { a: 1, b: UNKNOWN },
    secrets: [["a"]],
  });
});

test("unknowns survive the way there and back", () => {
  const { values } = decode({ a: [UNKNOWN_TEXT] });
  expect(values).toEqual({ a: [UNKNOWN] });
  expect(encode(values, [])).toEqual({ a: [UNKNOWN_TEXT] });
});

test("assets are kept, archives refused", () => {
  const wire = { [SIGNATURE]: "c44067f5952c0a294b673a41bacd8c17", path: "values.yaml", hash: "h" };
  const { values } = decode({ file: wire });
  expect((values["file"] as Asset).path).toBe("values.yaml");
  expect(encode(values, [])).toEqual({ file: wire });
  const archive = { [SIGNATURE]: "0def7320c3a5731c473e5ecbe6d01bc7" };
  expect(() => decode({ spec: { file: archive } })).toThrow("spec.file is an archive");
});

test("secrets can be marked in another copy of the inputs", () => {
  expect(markSecrets({ a: { b: "x", c: "y" } }, [["a", "b"]])).toEqual({
    a: { b: secret("x"), c: "y" },
  });
  expect(markSecrets("x", [[]])).toBeInstanceOf(Secret);
});

test.each([
  [["spec", "containers", 0, "image"], "spec.containers[0].image"],
  [["metadata", "labels", "app.kubernetes.io/name"], 'metadata.labels["app.kubernetes.io/name"]'],
  [["config", 'a"b'], 'config["a\\"b"]'],
])("%j is written %s", (path, text) => {
  expect(formatPath(path)).toBe(text);
  expect(parsePath(text)).toEqual(path);
});

test("every path can be read back", () => {
  const part = fc.oneof(fc.string({ minLength: 1 }), fc.nat());
  const path = fc.tuple(fc.string({ minLength: 1 }), fc.array(part)).map(([a, b]) => [a, ...b]);
  fc.assert(
    fc.property(path, (parts) => {
      expect(parsePath(formatPath(parts))).toEqual(parts);
    }),
  );
});

test.each([
  ["spec.replicas", "spec", true],
  ["spec", "spec.replicas", false],
  ["spec.containers[1].image", "spec.containers[*]", true],
  ["specs", "spec", false],
])("%s within %s: %s", (path, ancestor, expected) => {
  expect(isWithin(parsePath(path), parsePath(ancestor))).toBe(expected);
});

test("an unknown equals nothing, not even itself", () => {
  expect(equals(UNKNOWN, UNKNOWN)).toBe(false);
  expect(equals({ a: [1] }, { a: [1] })).toBe(true);
});
