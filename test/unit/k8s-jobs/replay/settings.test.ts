import { describe, expect, it } from "vitest";

import { parsePace } from "../../../../k8s-jobs/replay/pace.ts";
import { readSettings } from "../../../../k8s-jobs/replay/settings.ts";
import { escapeKey } from "../../../../k8s-jobs/replay/signed-requests.ts";

const environment = {
  S3_ENDPOINT: "http://minio:9000",
  AWS_ACCESS_KEY_ID: "copier",
  AWS_SECRET_ACCESS_KEY: "secret",
};

describe("the copier's settings", () => {
  it("come from its arguments and its environment", () => {
    expect(readSettings(["--flow", "testing", "--pace", "50"], environment)).toEqual({
      flow: "testing",
      pace: 50,
      access: { endpoint: "http://minio:9000", accessKey: "copier", secretKey: "secret" },
    });
  });

  it("take the last pace that is given, and copy as fast as possible without one", () => {
    const args = ["--flow", "training", "--pace", "max"];
    expect(readSettings([...args, "--pace", "7"], environment).pace).toBe(7);
    expect(readSettings(["--flow", "training"], environment).pace).toBe("max");
  });

  it.each([
    [[], /no such flow/],
    [["--flow", "orders"], /no such flow/],
    [["--flow", "testing", "--speed", "1"], /--speed/],
    [["--flow", "testing", "--pace", "fast"], /neither a whole number/],
  ])("refuse %j", (args, message) => {
    expect(() => readSettings(args, environment)).toThrow(message);
  });

  it("name every variable that is wrong", () => {
    const flow = ["--flow", "testing"];
    expect(() => readSettings(flow, { ...environment, S3_ENDPOINT: "minio" })).toThrow(
      /S3_ENDPOINT: must be an HTTP URL/,
    );
    expect(() => readSettings(flow, {})).toThrow(
      /S3_ENDPOINT.*AWS_ACCESS_KEY_ID.*AWS_SECRET_ACCESS_KEY/,
    );
  });
});

describe("parsePace", () => {
  it.each([
    ["max", "max"],
    ["1", 1],
    ["500", 500],
  ])("takes %s", (text, pace) => {
    expect(parsePace(text)).toBe(pace);
  });

  it.each(["", "0", "-1", "0.5", "1e3", "MAX", "Infinity"])("refuses %j", (text) => {
    expect(() => parsePace(text)).toThrow(/neither a whole number above 0 nor "max"/);
  });
});

describe("escapeKey", () => {
  it.each([
    ["testing_data/20191001T000000Z-0af.json", "testing_data/20191001T000000Z-0af.json"],
    ["a b+c/d%e", "a%20b%2Bc/d%25e"],
    ["(it's!)*~", "%28it%27s%21%29%2A~"],
    ["日本", "%E6%97%A5%E6%9C%AC"],
  ])("writes %s as S3's signature wants it", (key, path) => {
    expect(escapeKey(key)).toBe(path);
  });
});
