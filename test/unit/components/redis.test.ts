import type { V1ConfigMap, V1Secret, V1StatefulSet } from "@kubernetes/client-node";
import { beforeAll, describe, expect, it } from "vitest";

import { Redis } from "../../../components/redis.ts";
import { record, type Recording } from "../../support/mocks.ts";

describe("the online store", () => {
  let recording: Recording;
  const connection: Record<string, unknown> = {};

  beforeAll(async () => {
    recording = await record(() => {
      const redis = new Redis("redis", {
        namespace: "lakehouse",
        image: "localhost/lakehouse/valkey:1",
        nodePort: 30379,
        storage: "1Gi",
      });
      redis.address.apply((address) => (connection["address"] = address));
      redis.credentialsSecret.apply((secret) => (connection["secret"] = secret));
    });
  });

  it("asks for a generated password, which it reads from a file", () => {
    const { inputs } = recording.find("kubernetes:apps/v1:StatefulSet", "redis");
    const pod = (inputs as unknown as V1StatefulSet).spec?.template.spec;
    expect(pod?.containers[0]?.env).toEqual([
      { name: "REDIS_PASSWORD_FILE", value: "/run/secrets/redis/password" },
    ]);
    expect(pod?.volumes?.find(({ name }) => name === "credentials")?.secret?.secretName).toBe(
      "redis",
    );
    const secret = recording.find("kubernetes:core/v1:Secret", "redis").inputs as V1Secret;
    expect(secret.stringData).toEqual({ password: "secret of redis" });
    expect(connection).toEqual({ address: "redis:6379", secret: "redis" });
  });

  it("keeps every feature until told otherwise, within half of its memory", () => {
    const { inputs } = recording.find("kubernetes:core/v1:ConfigMap", "redis");
    const lines = (inputs as V1ConfigMap).data?.["valkey.conf"]
      ?.split("\n")
      .filter((line) => !/^(#|$)/.test(line));
    expect(lines).toEqual([
      "maxmemory 32mb",
      "maxmemory-policy noeviction",
      "appendonly yes",
      'save ""',
      "zset-max-listpack-value 128",
    ]);
  });
});
