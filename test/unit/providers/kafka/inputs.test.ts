import { describe, expect, it } from "vitest";
import { aclId, parseAclId } from "../../../../providers/kafka/acl.ts";
import { kafkaProvider } from "../../../../providers/kafka/provider.ts";
import { failuresOf } from "../failures.ts";

const TOPIC = "kafka:index/topic:Topic";
const ACL = "kafka:index/acl:Acl";
const acl = {
  aclPrincipal: "User:alice",
  aclHost: "*",
  aclOperation: "Read",
  aclPermissionType: "Allow",
  aclResourceType: "Topic",
  aclResourceName: "orders",
} as const;

describe("inputs of a kafka.Topic", () => {
  it.each([
    [{ partitions: 0, replicationFactor: 1 }, ["partitions: must be at least 1"]],
    [{ partitions: 1.5, replicationFactor: 1 }, ["partitions: must be a whole number"]],
    [
      { partitions: 1, replicationFactor: 0 },
      ["replicationFactor: must be at least 1, or -1 for the broker's default"],
    ],
    [
      { name: "a/b", partitions: 1, replicationFactor: 1 },
      ["name: must be 1 to 249 letters, digits, dots, underscores or hyphens"],
    ],
    [
      { partitions: 1, replicationFactor: 1, config: { "retention.ms": 5 } },
      ['config["retention.ms"]: must be text; put numbers in quotes, such as "604800000"'],
    ],
  ])("refuses %j", async (inputs, failures) => {
    expect(await failuresOf(kafkaProvider, TOPIC, inputs)).toEqual(failures);
  });
});

describe("inputs of a kafka.Acl", () => {
  it.each([
    [
      { ...acl, aclOperation: "Any" },
      "aclOperation: must be one of All, Read, Write, Create, Delete, Alter, Describe, ClusterAction, DescribeConfigs, AlterConfigs, IdempotentWrite",
    ],
    [{ ...acl, aclPrincipal: "alice" }, "aclPrincipal: must be TYPE:NAME, such as User:alice"],
    [
      { ...acl, aclResourceType: "Cluster" },
      'aclResourceName: must be "kafka-cluster" where the type is Cluster',
    ],
  ])("refuses %j", async (inputs, failure) => {
    expect(await failuresOf(kafkaProvider, ACL, inputs)).toEqual([failure]);
  });

  it("make an id that can be read again", () => {
    const inputs = { ...acl, resourcePatternTypeFilter: "Literal" } as const;
    expect(aclId(inputs)).toBe("User:alice|*|Read|Allow|Topic|orders|Literal");
    expect(parseAclId(aclId(inputs))).toEqual(inputs);
    expect(() => parseAclId("User:alice|*|Read")).toThrow('"User:alice|*|Read" is no ACL id');
  });
});

describe("kafka.UserScramCredential", () => {
  it("is refused with the cure", async () => {
    const token = "kafka:index/userScramCredential:UserScramCredential";
    const [failure] = await failuresOf(kafkaProvider, token, { username: "alice" });
    expect(failure).toMatch(
      /^username: needs the request AlterUserScramCredentials, .*kafka-configs\.sh/,
    );
  });
});
