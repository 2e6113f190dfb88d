import { describe, expect, it } from "vitest";

import { withSalt } from "../../../../cli/pulumi/workspace.ts";

describe("the salt of a stack's settings", () => {
  const config = { "lakehouse:portOffset": 100 };
  const secret = { "lakehouse:alertWebhook": { secure: "v1:x" } };

  it("is ours, whatever `pulumi up` by hand has left there", () => {
    expect(withSalt({ config }, "ours")).toEqual({ encryptionsalt: "ours", config });
    expect(withSalt({ encryptionsalt: "theirs", config }, "ours")).toEqual({
      encryptionsalt: "ours",
      config,
    });
    expect(withSalt({ encryptionsalt: "theirs", config }, undefined)).toEqual({ config });
  });

  it("is that of the secrets, if they hold some", () => {
    expect(withSalt({ encryptionsalt: "theirs", config: secret }, "ours")).toEqual({
      encryptionsalt: "theirs",
      config: secret,
    });
    expect(withSalt({ config: secret }, "ours")).toEqual({
      encryptionsalt: "ours",
      config: secret,
    });
  });
});
