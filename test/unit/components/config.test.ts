import { readFile } from "node:fs/promises";

import { isSecret } from "@pulumi/pulumi";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";

import { readConfig, schema } from "../../../components/config.ts";
import { tiers } from "../../../components/tiers.ts";
import { record } from "../../support/mocks.ts";

async function read(config: Record<string, string> = {}) {
  let result: ReturnType<typeof readConfig> | undefined;
  await record(() => (result = readConfig()), { config });
  return result as ReturnType<typeof readConfig>;
}

describe("the configuration", () => {
  it("has a default for every key", async () => {
    const { hostPort, ...config } = await read();
    expect(config).toEqual({
      images: { areUpstream: false, registry: undefined, references: {} },
      cluster: {
        isPrivate: false,
        storageClass: undefined,
        nodeSelector: {},
        tolerations: [],
        isSpread: false,
      },
      nessie: { isUpstreamImage: false, replicas: 1 },
      kafka: { isUpstreamImage: false, brokers: 1, partitions: 2, storage: "8Gi" },
      minio: { storage: "20Gi", queryEngine: "light" },
      postgres: { isUpstreamImage: false, storage: "2Gi" },
      redis: { isUpstreamImage: false, storage: "1Gi" },
      producer: { rate: 50 },
      streaming: {
        maxExecutors: 0,
        triggerSeconds: 2,
        maxOffsets: 150_000,
        alerts: { windowMinutes: 60, threshold: 4, cooldownMinutes: 5, minimumHistoryMinutes: 10 },
      },
      features: { isEnabled: true, timeToLive: "7d" },
      notifier: { webhook: undefined, format: "json" },
      dashboard: { auth: "password", ingress: undefined, maxReplicas: 1 },
      maintenance: { schedule: "23 * * * *" },
      replay: { schedule: "*/5 * * * *", pace: "max", isScheduledElsewhere: false },
      query: { engine: "light", dremioStorage: "20Gi" },
      chosen: { cdc: false, kafkaUi: false, airflow: false, notebook: undefined },
    });
    expect(hostPort(30092)).toBe(30092);
  });

  it("takes what the stack sets", async () => {
    const config = await read({
      "lakehouse:kafkaBrokers": "3",
      "lakehouse:portOffset": "100",
      "lakehouse:minioStorage": "1Ti",
      "lakehouse:alertWindowMinutes": "30",
      "lakehouse:alertThreshold": "6",
      "lakehouse:alertCooldownMinutes": "1",
      "lakehouse:alertMinimumHistoryMinutes": "20",
      "lakehouse:features": "false",
      "lakehouse:featuresTimeToLive": "none",
      "lakehouse:maintenance": "off",
      "lakehouse:replaySchedule": "off",
      "lakehouse:replayPace": "50",
      "lakehouse:queryEngine": "dremio",
      "lakehouse:cdc": "true",
      "lakehouse:airflow": "true",
      "lakehouse:notebook": "true",
    });
    expect(config.chosen).toEqual({
      cdc: true,
      kafkaUi: false,
      airflow: true,
      notebook: { storage: "1Gi" },
    });
    expect(config.kafka.brokers).toBe(3);
    expect(config.minio.storage).toBe("1Ti");
    expect(config.streaming.alerts).toEqual({
      windowMinutes: 30,
      threshold: 6,
      cooldownMinutes: 1,
      minimumHistoryMinutes: 20,
    });
    expect(config.hostPort(30092)).toBe(30192);
    expect(config.features).toEqual({ isEnabled: false, timeToLive: "none" });
    expect(config.maintenance.schedule).toBeUndefined();
    expect(config.replay).toEqual({
      schedule: undefined,
      pace: "50",
      isScheduledElsewhere: true,
    });
    expect(config.query.engine).toBe("dremio");
    expect(config.minio.queryEngine).toBe("dremio");
  });

  it("takes images by name, and no other names", async () => {
    const references = { apps: "ghcr.io/acme/lakehouse/apps:0123" };
    const config = await read({
      "lakehouse:images": "upstream",
      "lakehouse:imageReferences": JSON.stringify(references),
    });
    expect(config.images).toEqual({ areUpstream: true, registry: undefined, references });
    for (const { isUpstreamImage } of [config.kafka, config.nessie, config.postgres, config.redis])
      expect(isUpstreamImage).toBe(true);
    const other = read({ "lakehouse:imageReferences": '{"app":"ghcr.io/acme/app:1"}' });
    await expect(other).rejects.toThrow("imageReferences must name no other images than kafka,");
    const text = read({ "lakehouse:imageReferences": "ghcr.io/acme" });
    await expect(text).rejects.toThrow("must be an object of image references by name");
  });

  it("takes what fits it to a cloud", async () => {
    const config = await read({
      "lakehouse:access": "clusterIP",
      "lakehouse:imageRegistry": "localhost:5000/shop",
      "lakehouse:storageClass": "gp3",
      "lakehouse:nodeSelector": "pool=lakehouse,kubernetes.io/arch=amd64",
      "lakehouse:tolerations": "dedicated=lakehouse:NoSchedule,spot:NoExecute",
      "lakehouse:spread": "true",
      "lakehouse:resourceTier": "large",
      "lakehouse:nessieReplicas": "2",
      "lakehouse:dashboardHost": "shop.example.com",
      "lakehouse:certIssuer": "letsencrypt",
    });
    expect(config.cluster).toEqual({
      isPrivate: true,
      storageClass: "gp3",
      nodeSelector: { pool: "lakehouse", "kubernetes.io/arch": "amd64" },
      tolerations: [
        { key: "dedicated", operator: "Equal", value: "lakehouse", effect: "NoSchedule" },
        { key: "spot", operator: "Exists", effect: "NoExecute" },
      ],
      isSpread: true,
    });
    expect(config.images.registry).toBe("localhost:5000/shop");
    expect(config.dashboard.ingress).toEqual({
      host: "shop.example.com",
      className: "traefik",
      issuer: "letsencrypt",
    });
    expect(config.kafka.size).toBe(tiers.large.kafka);
  });

  it("names what is wrong with the keys of a cloud", async () => {
    const faulty = read({
      "lakehouse:access": "loadBalancer",
      "lakehouse:imageRegistry": "acme/lakehouse",
      "lakehouse:storageClass": "GP3",
      "lakehouse:nodeSelector": "pool",
      "lakehouse:tolerations": "spot=true",
      "lakehouse:resourceTier": "huge",
      "lakehouse:dashboardHost": "https://shop.example.com",
    });
    await expect(faulty).rejects.toThrow(`
  lakehouse:access must be "nodePort" or "clusterIP", but is "loadBalancer"
  lakehouse:imageRegistry must be a registry such as ghcr.io/acme/lakehouse, or "none", but is "acme/lakehouse"
  lakehouse:storageClass must be the name of a storage class, or "default", but is "GP3"
  lakehouse:nodeSelector must be labels such as pool=lakehouse, or "none", but is "pool"
  lakehouse:tolerations must be taints such as spot=true:NoSchedule, or "none", but is "spot=true"
  lakehouse:resourceTier must be "laptop", "small" or "large", but is "huge"
  lakehouse:dashboardHost must be a name in the DNS such as shop.example.com, or "off", but is "https://shop.example.com"
`);
  });

  it("names keys that go ill together", async () => {
    const faulty = read({
      "lakehouse:nessieReplicas": "2",
      "lakehouse:dashboardHost": "shop.example.com",
      "lakehouse:dashboardAuth": "none",
    });
    await expect(faulty).rejects.toThrow(`
  lakehouse:nessieReplicas must be 1 with resourceTier laptop, whose Postgres has connections for one
  lakehouse:certIssuer must be set with dashboardHost: the page is served over TLS alone
  lakehouse:dashboardAuth must be password or oidc with dashboardHost, which the world can reach
`);
  });

  it("keeps the webhook secret, also when it is wrong", async () => {
    const url = "https://hooks.slack.com/services/T0/B0/xyz";
    const { notifier } = await read({
      "lakehouse:alertWebhook": url,
      "lakehouse:alertWebhookFormat": "slack",
    });
    expect(notifier.format).toBe("slack");
    expect(notifier.webhook && (await isSecret(notifier.webhook))).toBe(true);
    const wrong = read({ "lakehouse:alertWebhook": "hooks.slack.com/services/T0/B0/xyz" });
    await expect(wrong).rejects.toThrow(
      'lakehouse:alertWebhook must be an http or https URL, or "off"\n',
    );
    await expect(wrong).rejects.not.toThrow("xyz");
  });

  it("lets users of an issuer see the dashboard, and keeps the client's secret", async () => {
    const keys = {
      "lakehouse:dashboardAuth": "oidc",
      "lakehouse:oidcIssuer": "https://sso.example.com/realms/shop",
      "lakehouse:oidcClientId": "dashboard",
      "lakehouse:oidcAllowed": "@example.com",
    };
    const oidc = {
      issuer: "https://sso.example.com/realms/shop",
      ...{ clientId: "dashboard", allowed: "@example.com" },
    };
    expect((await read(keys)).dashboard.auth).toEqual({
      ...oidc,
      ...{ clientSecret: undefined, url: undefined },
    });
    const { auth } = (
      await read({
        ...keys,
        "lakehouse:oidcClientSecret": "xyz",
        "lakehouse:dashboardUrl": "https://shop.example.com/",
      })
    ).dashboard;
    if (typeof auth !== "object") throw new Error("not oidc");
    expect(auth).toMatchObject({ ...oidc, url: "https://shop.example.com" });
    expect(await isSecret(auth.clientSecret as NonNullable<typeof auth.clientSecret>)).toBe(true);
    const others = Object.fromEntries(Object.entries(keys).slice(1));
    expect((await read(others)).dashboard.auth).toBe("password");
    const named = { "lakehouse:dashboardHost": "shop.example.com", "lakehouse:certIssuer": "acme" };
    expect((await read({ ...keys, ...named })).dashboard.auth).toMatchObject({
      url: "https://shop.example.com",
    });
  });

  it("says in one line what users of an issuer need, and refuses what lets in strangers", async () => {
    await expect(read({ "lakehouse:dashboardAuth": "oidc" })).rejects.toThrow(
      `  lakehouse:dashboardAuth is "oidc", which needs lakehouse:oidcIssuer (where users sign in), lakehouse:oidcClientId (what the dashboard is called there), lakehouse:oidcAllowed (who of them may look): apps/dashboard/README.md has examples
Pulumi.yaml`,
    );
    const google = {
      "lakehouse:dashboardAuth": "oidc",
      "lakehouse:oidcIssuer": "https://accounts.google.com",
      "lakehouse:oidcClientId": "xyz.apps.googleusercontent.com",
    };
    await expect(read({ ...google, "lakehouse:oidcAllowed": "everyone" })).rejects.toThrow(
      "lakehouse:oidcAllowed is everyone, but at accounts.google.com everybody can get an account",
    );
    const wrong = read({
      ...google,
      "lakehouse:oidcIssuer": "accounts.google.com",
      "lakehouse:oidcAllowed": "example.com",
      "lakehouse:oidcClientSecret": "",
      "lakehouse:dashboardUrl": "https://shop.example.com/lakehouse",
    });
    await expect(wrong).rejects.toThrow(
      `  lakehouse:dashboardUrl must be an address without a path, such as https://shop.example.com, but is "https://shop.example.com/lakehouse"
  lakehouse:oidcIssuer must be an https URL such as https://accounts.google.com, but is "accounts.google.com"
  lakehouse:oidcClientSecret must not be empty
  lakehouse:oidcAllowed has "example.com", which is neither ada@example.com, @example.com nor claim=value, but is "example.com"
`,
    );
  });

  it("names everything that is wrong at once", async () => {
    const faulty = read({
      "lakehouse:kafkaBrokers": "2",
      "lakehouse:producerRate": "fast",
      "lakehouse:portOffset": "-1",
      "lakehouse:kafkaStorage": "8",
      "lakehouse:alertThreshold": "1",
      "lakehouse:images": "pulled",
      "lakehouse:imageReferences": '{"kafka":"kafka:4"}',
      "lakehouse:features": "yes",
      "lakehouse:featuresTimeToLive": "a week",
      "lakehouse:maintenance": "hourly",
      "lakehouse:queryEngine": "trino",
      "lakehouse:airflow": "yes",
      "lakehouse:kafkaBroker": "3",
      "lakehouse:dashboardAuth": "open",
    });
    await expect(faulty).rejects.toThrow(
      `The configuration of stack "unit" cannot be used:
  lakehouse:kafkaBroker is not a key of this project
  lakehouse:images must be "built" or "upstream", but is "pulled"
  lakehouse:imageReferences.kafka must be an image reference with a tag, but is "{\\"kafka\\":\\"kafka:4\\"}"
  lakehouse:portOffset must be at least 0, but is "-1"
  lakehouse:kafkaBrokers must be 1 or 3, but is "2"
  lakehouse:kafkaStorage must be a size such as 8Gi, but is "8"
  lakehouse:producerRate must be a whole number, but is "fast"
  lakehouse:alertThreshold must be at least 2, but is "1"
  lakehouse:features must be true or false, but is "yes"
  lakehouse:featuresTimeToLive must be a time such as 30m, 24h or 7d, or none, but is "a week"
  lakehouse:dashboardAuth must be "password", "oidc" or "none", but is "open"
  lakehouse:maintenance must be a cron schedule such as "23 * * * *", or "off", but is "hourly"
  lakehouse:queryEngine must be "light" or "dremio", but is "trino"
  lakehouse:airflow must be true or false, but is "yes"
Pulumi.yaml describes each key; set them in Pulumi.unit.yaml.`,
    );
  });

  it("is described in Pulumi.yaml, key by key, with the same defaults", async () => {
    const { config } = parse(await readFile("Pulumi.yaml", "utf8")) as {
      config: Record<string, { type: string; default: unknown; description: string }>;
    };
    const described = Object.fromEntries(
      Object.entries(config).map(([key, entry]) => [key, entry.default]),
    );
    const coded = Object.fromEntries(
      Object.entries(schema.parse({})).map(([key, value]) => [`lakehouse:${key}`, value]),
    );
    expect(described).toEqual(coded);
    for (const { type, default: value, description } of Object.values(config)) {
      expect(type).toBe(typeof value === "number" ? "integer" : typeof value);
      expect(description.length).toBeGreaterThan(10);
    }
  });

  it.each(["dev", "test", "cloud"])("of the stack %s can be used", async (stack) => {
    const { config } = parse(await readFile(`Pulumi.${stack}.yaml`, "utf8")) as {
      config: Record<string, unknown>;
    };
    const text = Object.entries(config).map(([key, value]) => [key, String(value)]);
    await read(Object.fromEntries(text) as Record<string, string>);
  });
});
