import { describe, expect, it } from "vitest";
import { isSamePolicy } from "../../../../providers/minio/policy-document.ts";

function policy(...statements: readonly unknown[]): string {
  return JSON.stringify({ Version: "2012-10-17", Statement: statements });
}

const base = {
  Effect: "Allow",
  Action: ["s3:GetObject", "s3:PutObject"],
  Resource: "arn:aws:s3:::a/*",
};

describe("isSamePolicy", () => {
  it.each([
    ["the order of actions", { ...base, Action: ["s3:PutObject", "s3:GetObject"] }],
    ["a list of one for a single value", { ...base, Resource: ["arn:aws:s3:::a/*"] }],
    ["the order of keys", { Resource: base.Resource, Action: base.Action, Effect: "Allow" }],
    ["an empty id", { Sid: "", ...base }],
  ])("overlooks %s", (_what, statement) => {
    expect(isSamePolicy(policy(base), policy(statement))).toBe(true);
  });

  it("overlooks the order of statements, and one that is no list", () => {
    const other = { ...base, Effect: "Deny" };
    expect(isSamePolicy(policy(base, other), policy(other, base))).toBe(true);
    const single = JSON.stringify({ Version: "2012-10-17", Statement: base });
    expect(isSamePolicy(policy(base), single)).toBe(true);
  });

  it("knows the ways to write everyone, and conditions", () => {
    const everyone = policy({ ...base, Principal: "*" });
    expect(isSamePolicy(everyone, policy({ ...base, Principal: { AWS: ["*"] } }))).toBe(true);
    expect(isSamePolicy(everyone, policy({ ...base, Principal: { AWS: "*" } }))).toBe(true);
    const condition = (prefix: unknown) => ({
      ...base,
      Condition: { StringLike: { "s3:prefix": prefix } },
    });
    expect(isSamePolicy(policy(condition("a")), policy(condition(["a"])))).toBe(true);
    expect(isSamePolicy(policy(condition("a")), policy(condition("b")))).toBe(false);
  });

  it.each([
    ["an effect", policy({ ...base, Effect: "Deny" })],
    ["an action", policy({ ...base, Action: ["s3:GetObject"] })],
    ["a resource", policy({ ...base, Resource: "arn:aws:s3:::b/*" })],
    ["a principal", policy({ ...base, Principal: "*" })],
    ["a statement", policy(base, base)],
    ["all of it", "not JSON"],
    ["no policy at all", undefined],
  ])("tells another: %s", (_what, other) => {
    expect(isSamePolicy(policy(base), other)).toBe(false);
  });
});
