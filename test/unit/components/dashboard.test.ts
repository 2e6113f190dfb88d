import type { V1Deployment, V1Secret } from "@kubernetes/client-node";
import { output, secret } from "@pulumi/pulumi";
import { describe, expect, it } from "vitest";

import { Dashboard, type DashboardArgs } from "../../../components/dashboard.ts";
import { record, type Recording } from "../../support/mocks.ts";

const deploy = (auth?: DashboardArgs["auth"]): Promise<Recording> =>
  record(
    () =>
      new Dashboard("dashboard", {
        namespace: "lakehouse",
        image: "localhost/lakehouse/apps:1",
        nodePort: 30080,
        query: { address: output("query:32010"), credentialsSecret: output("query-user") },
        ...(auth !== undefined && { auth }),
      }),
  );

function podOf(recording: Recording) {
  const { inputs } = recording.find("kubernetes:apps/v1:Deployment", "dashboard");
  const { template } = (inputs as unknown as V1Deployment).spec ?? {};
  const env = template?.spec?.containers[0]?.env ?? [];
  return {
    env: Object.fromEntries(env.map(({ name, value }) => [name, value])),
    secrets: template?.spec?.volumes?.flatMap((volume) => volume.secret?.secretName ?? []),
  };
}

const issuer = "https://sso.example.com/realms/shop";
const oidc = {
  ...{ issuer, clientId: "dashboard", allowed: "@example.com,groups=shop" },
  clientSecret: secret("of the client"),
  url: "https://shop.example.com",
};

describe("the dashboard", () => {
  it("asks for the generated password by default", async () => {
    const recording = await deploy();
    const { env, secrets } = podOf(recording);
    expect(env).toEqual({
      PORT: "8080",
      FLIGHT_ADDRESS: "query:32010",
      FLIGHT_USER_FILE: "/run/secrets/query/username",
      FLIGHT_PASSWORD_FILE: "/run/secrets/query/password",
      AUTH: "password",
      AUTH_USER_FILE: "/run/secrets/user/username",
      AUTH_PASSWORD_FILE: "/run/secrets/user/password",
    });
    expect(secrets).toEqual(["query-user", "dashboard-user"]);
    expect((await deploy("password")).resources).toEqual(recording.resources);
  });

  it("may be open", async () => {
    const { env, secrets } = podOf(await deploy("none"));
    expect(env).toMatchObject({ AUTH: "none" });
    expect(secrets).toEqual(["query-user"]);
  });
});

describe("with users of an issuer", () => {
  it("is told of them, and of secrets by files", async () => {
    const recording = await deploy(oidc);
    const { env, secrets } = podOf(recording);
    expect(env).toMatchObject({
      AUTH: "oidc",
      AUTH_USER_FILE: "/run/secrets/user/username",
      AUTH_PASSWORD_FILE: "/run/secrets/user/password",
      OIDC_ISSUER: issuer,
      OIDC_CLIENT_ID: "dashboard",
      OIDC_CLIENT_SECRET_FILE: "/run/secrets/oidc/client-secret",
      OIDC_ALLOWED: "@example.com,groups=shop",
      SESSION_KEY_FILE: "/run/secrets/oidc/session-key",
      PUBLIC_URL: "https://shop.example.com",
    });
    expect(secrets).toEqual(["query-user", "dashboard-user", "dashboard-oidc"]);
    const stored = recording.find("kubernetes:core/v1:Secret", "dashboard-oidc").inputs as V1Secret;
    expect(stored.stringData).toEqual({
      "client-secret": "of the client",
      "session-key": "secret of dashboard-oidc",
    });
    const holders = recording.resources
      .filter(({ inputs }) => /of the client|secret of dashboard-oidc/.test(JSON.stringify(inputs)))
      .map(({ type }) => type);
    expect(holders).toEqual(["kubernetes:core/v1:Secret"]);
  });

  it("needs no secret of a public client, and no address", async () => {
    const recording = await deploy({ ...oidc, clientSecret: undefined, url: undefined });
    const { env } = podOf(recording);
    expect(env).not.toHaveProperty("OIDC_CLIENT_SECRET_FILE");
    expect(env).not.toHaveProperty("PUBLIC_URL");
    const stored = recording.find("kubernetes:core/v1:Secret", "dashboard-oidc").inputs as V1Secret;
    expect(Object.keys(stored.stringData ?? {})).toEqual(["session-key"]);
  });
});
