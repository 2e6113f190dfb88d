import type { V1ConfigMap, V1Secret, V1StatefulSet } from "@kubernetes/client-node";
import { all } from "@pulumi/pulumi";
import { beforeAll, describe, expect, it } from "vitest";

import { Redis } from "../../../components/redis.ts";
import { record, type Recording } from "../../support/mocks.ts";

describe("the online store", () => {
  let recording: Recording;
  const connections: Record<string, unknown> = {};

  beforeAll(async () => {
    recording = await record(() => {
      const redis = new Redis("redis", {
        namespace: "lakehouse",
        image: "localhost/lakehouse/valkey:1",
        nodePort: 30379,
        storage: "1Gi",
      });
      for (const [user, { address, credentialsSecret }] of Object.entries({
        default: redis,
        serving: redis.serving,
        notifier: redis.notifier,
      })) {
        all([address, credentialsSecret]).apply((known) => (connections[user] = known));
      }
    });
  });

  it("asks for generated passwords, which it reads from files", () => {
    const { inputs } = recording.find("kubernetes:apps/v1:StatefulSet", "redis");
    const pod = (inputs as unknown as V1StatefulSet).spec?.template.spec;
    expect(pod?.containers[0]?.env).toEqual([
      { name: "REDIS_PASSWORD_FILE", value: "/run/secrets/redis/password" },
    ]);
    const mounts = Object.fromEntries(
      (pod?.containers[0]?.volumeMounts ?? []).map(({ name, mountPath }) => [name, mountPath]),
    );
    for (const [user, name, path] of [
      ["default", "redis", "/run/secrets/redis"],
      ["serving", "redis-serving", "/run/secrets/users/serving"],
      ["notifier", "redis-notifier", "/run/secrets/users/notifier"],
    ] as const) {
      const secret = recording.find("kubernetes:core/v1:Secret", name).inputs as V1Secret;
      expect(secret.stringData).toEqual({ username: user, password: `secret of ${name}` });
      const volume = pod?.volumes?.find((each) => each.secret?.secretName === name);
      expect(mounts[volume?.name ?? ""]).toBe(path);
      expect(connections[user]).toEqual(["redis:6379", name]);
    }
  });

  it("lets its further users do no more than their work", () => {
    const { inputs } = recording.find("kubernetes:core/v1:ConfigMap", "redis");
    expect((inputs as V1ConfigMap).data?.["users"]).toBe(
      "serving %R~session:* +hgetall\nnotifier ~notifier:* +mget +set\n",
    );
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
