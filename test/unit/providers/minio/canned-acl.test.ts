import { describe, expect, it } from "vitest";
import { ACLS, actualAcl, cannedPolicy } from "../../../../providers/minio/canned-acl.ts";

describe("cannedPolicy", () => {
  it("is none for a private bucket", () => {
    expect(cannedPolicy("private", "a")).toBeUndefined();
  });

  it("lets everyone list and read a public-read bucket", () => {
    expect(JSON.parse(cannedPolicy("public-read", "a") ?? "")).toEqual({
      Version: "2012-10-17",
      Statement: [
        {
          Sid: "ListAllBucket",
          Effect: "Allow",
          Principal: { AWS: ["*"] },
          Action: ["s3:ListAllMyBuckets", "s3:ListBucket"],
          Resource: ["arn:aws:s3:::*"],
        },
        {
          Sid: "AllObjectActionsMyBuckets",
          Effect: "Allow",
          Principal: { AWS: ["*"] },
          Action: ["s3:GetObject", "s3:ListBucket"],
          Resource: ["arn:aws:s3:::a", "arn:aws:s3:::a/*"],
        },
      ],
    });
  });
});

describe("actualAcl", () => {
  it("is the one whose policy the bucket has", () => {
    for (const acl of ACLS) expect(actualAcl(cannedPolicy(acl, "a"), "a", "public")).toBe(acl);
  });

  it("is private without a policy", () => {
    expect(actualAcl(undefined, "a", "public-read")).toBe("private");
  });

  it("stays what it was under a policy of someone else", () => {
    const foreign = JSON.stringify({ Version: "2012-10-17", Statement: [] });
    expect(actualAcl(foreign, "a", "public-read")).toBe("public-read");
    expect(actualAcl(foreign, "a", "private")).toBe("private");
    expect(actualAcl(cannedPolicy("public", "a"), "a", "private")).toBe("private");
  });
});
