import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { z } from "zod";
import { Incomplete, InvalidInputs, resourceType } from "../../../../providers/runtime/provider.ts";
import type { ProviderDefinition } from "../../../../providers/runtime/provider.ts";
import { secret } from "../../../../providers/runtime/values.ts";
import { connect, initFailureOf, UNKNOWN_TEXT, wireSecret } from "./client.ts";
import type { EngineSide } from "./client.ts";

const TOPIC = "shop:index/topic:Topic";

interface ShopContext {
  readonly address: string;
}

const topic = resourceType({
  inputs: z.object({
    name: z.string(),
    partitions: z.int().min(1, "must be at least 1").default(1),
    password: z.string().optional(),
    config: z.record(z.string(), z.string()).optional(),
  }),
  computed: ["address"],
  secretInputs: ["password"],
  secretOutputs: ["token"],
  replaceOn: ["name"],
  deleteBeforeReplace: true,
  check(inputs) {
    if (inputs.name !== "reserved") return inputs;
    throw new InvalidInputs([{ property: "name", reason: "is reserved. Choose another" }]);
  },
  async create(inputs, operation) {
    const { address } = operation.context as ShopContext;
    if (inputs.name === "slow") await sleep(60_000, undefined, { signal: operation.signal });
    if (inputs.name === "half") {
      throw new Incomplete("the leader is missing", { id: "half", outputs: { address } });
    }
    return {
      id: inputs.name,
      outputs: { address, token: "t", copy: secret(inputs.password), plain: inputs.password },
    };
  },
  read(id) {
    if (id === "gone") return Promise.resolve(undefined);
    return Promise.resolve({ inputs: { name: id, partitions: 7 }, outputs: { address: "real" } });
  },
  update: (_id, old, inputs) =>
    Promise.resolve({ address: `${String(old.inputs["partitions"])}->${inputs.partitions}` }),
  delete: (id) => (id === "stuck" ? Promise.reject(new Error("in use")) : Promise.resolve()),
});

const shop: ProviderDefinition<z.ZodObject, ShopContext> = {
  name: "shop",
  version: "1.2.3",
  config: z.object({
    address: z.string(),
    hosts: z.array(z.string()).optional(),
    tls: z.boolean().optional(),
  }),
  configure: (config) => ({ address: String(config["address"]) }),
  resources: { [TOPIC]: topic },
};

let engine: EngineSide;
beforeEach(async () => {
  engine = await connect(shop);
});
afterEach(() => {
  engine.stop();
});

describe("configuration", () => {
  test("everything but text comes as JSON text", async () => {
    await engine.configure({ address: "a", hosts: '["x","y"]', tls: "false", version: "9" });
  });

  test("an argument that is not covered is refused by name", async () => {
    await expect(engine.configure({ address: "a", sasl: "x" })).rejects.toThrow(
      "Configuration of shop: sasl: is not covered by this stand-in, which knows address, hosts, tls",
    );
  });
});

describe("check", () => {
  test("fills in defaults and keeps secrets secret", async () => {
    const { inputs } = await engine.check(TOPIC, { name: "a", password: wireSecret("p") });
    expect(inputs).toEqual({ name: "a", partitions: 1, password: wireSecret("p") });
  });

  test("some inputs are secret even if the program does not say so", async () => {
    const { inputs } = await engine.check(TOPIC, { name: "a", password: "p" });
    expect(inputs["password"]).toEqual(wireSecret("p"));
  });

  test.each([
    [{ name: "a", partitions: 0 }, "partitions", "must be at least 1"],
    [{ name: "reserved" }, "name", "is reserved. Choose another"],
    [
      { name: "a", quota: 1 },
      "quota",
      "is not covered by this stand-in, which knows name, partitions, password, config",
    ],
  ])("refuses %j", async (news, property, reason) => {
    expect(await engine.check(TOPIC, news)).toEqual({
      inputs: {},
      failures: [{ property, reason }],
    });
  });

  test("what is not known yet passes, and the rest is judged all the same", async () => {
    const { inputs } = await engine.check(TOPIC, { name: UNKNOWN_TEXT });
    expect(inputs).toEqual({ name: UNKNOWN_TEXT, partitions: 1 });
    const { failures } = await engine.check(TOPIC, { name: UNKNOWN_TEXT, partitions: 0 });
    expect(failures).toEqual([{ property: "partitions", reason: "must be at least 1" }]);
  });

  test("a type that is not covered is refused with the cure", async () => {
    await expect(engine.check("shop:index/acl:Acl", {})).rejects.toThrow(
      "shop:index/acl:Acl is not covered by this stand-in for the shop plugin. " +
        "Install the official one: pulumi plugin install resource shop 1.2.3",
    );
  });
});

describe("diff", () => {
  const old = { name: "a", partitions: 3, config: { "cleanup.policy": "compact", x: "1" } };

  test("equal inputs have none", async () => {
    expect(await engine.diff(TOPIC, { ...old, __defaults: ["x"] }, old)).toEqual({
      changes: "none",
      replaces: [],
      deleteBeforeReplace: true,
      details: {},
    });
  });

  test("a default that is not recorded equals none: the official plugins record none", async () => {
    const { changes } = await engine.diff(TOPIC, { name: "a" }, { name: "a", partitions: 1 });
    expect(changes).toBe("none");
    const { details } = await engine.diff(TOPIC, { name: "a" }, { name: "a", partitions: 2 });
    expect(details).toEqual({ partitions: 4 });
  });

  test("names each property that differs, by its path", async () => {
    const news = { name: "a", partitions: 6, config: { "cleanup.policy": "delete", y: "2" } };
    const { changes, replaces, details } = await engine.diff(TOPIC, old, news);
    expect(changes).toBe("some");
    expect(replaces).toEqual([]);
    // Kinds of the protocol: 0 add, 2 delete, 4 update.
    expect(details).toEqual({
      partitions: 4,
      'config["cleanup.policy"]': 4,
      "config.x": 2,
      "config.y": 0,
    });
  });

  test("a property that cannot be changed replaces", async () => {
    const { replaces, details } = await engine.diff(TOPIC, old, { ...old, name: "b" });
    expect(replaces).toEqual(["name"]);
    expect(details).toEqual({ name: 5 });
  });

  test("ignored changes do not count", async () => {
    const news = { ...old, partitions: 6, config: { "cleanup.policy": "delete", x: "1" } };
    const ignored = ["partitions", 'config["cleanup.policy"]'];
    expect((await engine.diff(TOPIC, old, news, ignored)).changes).toBe("none");
  });

  test("a value that is not known yet is a change", async () => {
    const { details } = await engine.diff(TOPIC, old, { ...old, partitions: UNKNOWN_TEXT });
    expect(details).toEqual({ partitions: 4 });
  });
});

describe("create, read, update, delete", () => {
  beforeEach(async () => {
    await engine.configure({ address: "broker:1" });
  });

  test("create returns inputs and outputs, secret where they are", async () => {
    const inputs = { name: "a", partitions: 1, password: wireSecret("p") };
    expect(await engine.create(TOPIC, inputs)).toEqual({
      id: "a",
      properties: {
        ...inputs,
        address: "broker:1",
        token: wireSecret("t"),
        copy: wireSecret("p"),
        plain: "p",
      },
    });
  });

  test("a preview makes nothing and knows no computed output", async () => {
    expect(await engine.create(TOPIC, { name: "a" }, { preview: true })).toEqual({
      id: "",
      properties: { name: "a", address: UNKNOWN_TEXT },
    });
  });

  test("what was half made is recorded with the reason", async () => {
    const error: unknown = await engine.create(TOPIC, { name: "half" }).catch((e: unknown) => e);
    expect(initFailureOf(error)).toEqual({
      id: "half",
      reasons: ["the leader is missing"],
      properties: { name: "half", address: "broker:1" },
    });
  });

  test("a create ends when its time is over", async () => {
    await expect(engine.create(TOPIC, { name: "slow" }, { timeout: 0.05 })).rejects.toThrow(
      "not done after 0.05 s",
    );
  });

  test("a create ends when the user interrupts", async () => {
    const created = expect(engine.create(TOPIC, { name: "slow" })).rejects.toThrow("interrupted");
    await engine.cancel();
    await created;
  });

  test("read gives the real inputs, or nothing for what is gone", async () => {
    const found = await engine.read(TOPIC, "a", { name: "a", partitions: 1 });
    expect(found.inputs).toEqual({ name: "a", partitions: 7 });
    expect(found.properties).toEqual({ name: "a", partitions: 7, address: "real" });
    expect(await engine.read(TOPIC, "gone")).toEqual({ id: "", inputs: {}, properties: {} });
  });

  test("update sees what was recorded", async () => {
    const { properties } = await engine.update(
      TOPIC,
      { name: "a", partitions: 3 },
      {
        name: "a",
        partitions: 6,
      },
    );
    expect(properties).toEqual({ name: "a", partitions: 6, address: "3->6" });
  });

  test("delete passes a failure on", async () => {
    await engine.delete(TOPIC, "a");
    await expect(engine.delete(TOPIC, "stuck")).rejects.toThrow("in use");
  });
});

test("functions are refused by name", async () => {
  await expect(engine.invoke("shop:index:getTopic")).rejects.toThrow(
    "The function shop:index:getTopic is not covered",
  );
});

test("without a known configuration a preview still shows what it can", async () => {
  await engine.configure({ address: UNKNOWN_TEXT });
  expect((await engine.diff(TOPIC, { name: "a" }, { name: "b" })).replaces).toEqual(["name"]);
  const { properties } = await engine.create(TOPIC, { name: "a" }, { preview: true });
  expect(properties).toEqual({ name: "a", address: UNKNOWN_TEXT });
});
