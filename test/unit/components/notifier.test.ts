import type { V1Deployment, V1Secret } from "@kubernetes/client-node";
import { output, secret } from "@pulumi/pulumi";
import { expect, it } from "vitest";

import { createNotifier } from "../../../components/notifier.ts";
import { record, type Recording } from "../../support/mocks.ts";

const deploy = (webhook?: string): Promise<Recording> =>
  record(() =>
    createNotifier("notifier", {
      namespace: "lakehouse",
      image: "localhost/lakehouse/apps:1",
      query: { address: output("query:32010"), credentialsSecret: output("query-user") },
      kafka: { bootstrapServers: output("kafka:9092") },
      redis: { address: output("redis:6379"), credentialsSecret: output("redis-notifier") },
      webhook: webhook === undefined ? undefined : secret(webhook),
      format: "slack",
    }),
  );

it("is there only if there is a webhook", async () => {
  expect((await deploy()).resources).toEqual([]);
});

it("knows the webhook from a Secret alone, and all else that it works with", async () => {
  const url = "https://hooks.slack.com/services/T0/B0/xyz";
  const recording = await deploy(url);
  const stored = recording.find("kubernetes:core/v1:Secret", "notifier").inputs as V1Secret;
  expect(stored.metadata?.name).toBe("notifier-webhook");
  expect(stored.stringData).toEqual({ url });
  const { inputs } = recording.find("kubernetes:apps/v1:Deployment", "notifier");
  expect(JSON.stringify(inputs)).not.toContain("xyz");
  const { strategy, template } = (inputs as unknown as V1Deployment).spec ?? {};
  expect(strategy).toEqual({ type: "Recreate" });
  const [container] = template?.spec?.containers ?? [];
  expect(container?.args).toEqual(["/app/notifier.mjs"]);
  expect(
    Object.fromEntries((container?.env ?? []).map(({ name, value }) => [name, value])),
  ).toEqual({
    PORT: "8080",
    FLIGHT_ADDRESS: "query:32010",
    FLIGHT_USER_FILE: "/run/secrets/query/username",
    FLIGHT_PASSWORD_FILE: "/run/secrets/query/password",
    REDIS_ADDRESS: "redis:6379",
    REDIS_USER_FILE: "/run/secrets/redis/username",
    REDIS_PASSWORD_FILE: "/run/secrets/redis/password",
    KAFKA_BROKERS: "kafka:9092",
    WEBHOOK_URL_FILE: "/run/secrets/webhook/url",
    WEBHOOK_FORMAT: "slack",
  });
  expect(template?.spec?.volumes?.flatMap((volume) => volume.secret?.secretName ?? [])).toEqual([
    "query-user",
    "redis-notifier",
    "notifier-webhook",
  ]);
});
