import { expect, test } from "vitest";
import { isAlive, withDefaultRuntime } from "../../../../cli/host/docker.ts";
import { UserError } from "../../../../cli/errors.ts";

test("a missing daemon.json becomes one with the runtime as its default", () => {
  expect(JSON.parse(withDefaultRuntime("", "ours", "/bin/ours"))).toEqual({
    runtimes: { ours: { path: "/bin/ours" } },
    "default-runtime": "ours",
  });
});

test("settings and runtimes of the user stay in daemon.json", () => {
  const present = JSON.stringify({ mtu: 1400, runtimes: { kata: { path: "/bin/kata" } } });
  expect(JSON.parse(withDefaultRuntime(present, "ours", "/bin/ours"))).toEqual({
    mtu: 1400,
    runtimes: { kata: { path: "/bin/kata" }, ours: { path: "/bin/ours" } },
    "default-runtime": "ours",
  });
});

test("a broken daemon.json is not overwritten", () => {
  expect(() => withDefaultRuntime("{,", "ours", "/bin/ours")).toThrow(UserError);
});

test.each([
  ["581 (dockerd) S 1 581", true],
  ["581 (dockerd) Z 1 581", false],
  ["581 (sh) S 1 581", false],
  ["", false],
])("isAlive(%j) is %s", (stat, answer) => {
  expect(isAlive(stat, "dockerd")).toBe(answer);
});
