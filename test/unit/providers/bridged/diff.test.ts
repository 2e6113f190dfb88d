import { describe, expect, it } from "vitest";
import { diffBridged } from "../../../../providers/bridged/diff.ts";
import type { DiffRules } from "../../../../providers/bridged/diff.ts";
import type { Properties } from "../../../../providers/runtime/values.ts";
import { formatPath, UNKNOWN } from "../../../../providers/runtime/values.ts";

function diff(old: Properties, inputs: Properties, rules: Partial<DiffRules> = {}, real = old) {
  const state = { inputs: old, outputs: real };
  const { changes } = diffBridged(state, inputs, [], { replaceOn: [], ...rules });
  return changes.map(({ path, replace }) => `${formatPath(path)}${replace ? "!" : ""}`);
}

describe("diffBridged", () => {
  it("overlooks the marks that the official plugin leaves among recorded inputs", () => {
    const old = {
      __defaults: ["acl", "forceDestroy"],
      name: "a",
      queues: [{ __defaults: [], id: "q" }],
    };
    expect(diff(old, { name: "a", queues: [{ id: "q" }] })).toEqual([]);
  });

  it("tells changes, and which of them replace", () => {
    const inputs = { name: "b", size: 2 };
    expect(diff({ name: "a", size: 1 }, inputs, { replaceOn: ["name"] })).toEqual([
      "name!",
      "size",
    ]);
  });

  it("overlooks the order and doubles of sets", () => {
    const rules = { sets: ["roles"] };
    expect(diff({ roles: ["b", "a"] }, { roles: ["a", "b", "a"] }, rules)).toEqual([]);
    expect(diff({ roles: ["b", "a"] }, { roles: ["a", "c"] }, rules)).toEqual(["roles[1]"]);
  });

  it("lets go of an input that the server chooses where none is given", () => {
    const rules = { kept: ["owner"], replaceOn: ["owner"] };
    expect(diff({ owner: "a" }, {}, rules)).toEqual([]);
    expect(diff({}, { owner: "a" }, rules, { owner: "a" })).toEqual([]);
    expect(diff({}, { owner: "b" }, rules, { owner: "a" })).toEqual(["owner!"]);
  });

  it("overlooks another text for the same", () => {
    const same = { text: (a: unknown, b: unknown) => String(a).trim() === String(b).trim() };
    expect(diff({ text: "a " }, { text: "a" }, { same })).toEqual([]);
    expect(diff({ text: "a " }, { text: "b" }, { same })).toEqual(["text"]);
  });

  it("tells what is not known yet as a change", () => {
    const rules = { sets: ["list"], kept: ["owner"] };
    const old = { list: ["a"], owner: "a" };
    expect(diff(old, { list: [UNKNOWN], owner: UNKNOWN }, rules)).toEqual(["list[0]", "owner"]);
  });

  it("deletes first only where the new resource needs the old one's name", () => {
    const rules = { replaceOn: ["size"] };
    const generated = { name: "a-1234567", __defaults: ["name"] };
    for (const [name, isFirst] of [
      [{ name: "a" }, true],
      [generated, false],
      [{}, false],
    ] as const) {
      const inputs = { ...name, size: 1 };
      const state = { inputs, outputs: {} };
      expect(diffBridged(state, { ...name, size: 2 }, [], rules).deleteBeforeReplace).toBe(isFirst);
    }
  });
});
