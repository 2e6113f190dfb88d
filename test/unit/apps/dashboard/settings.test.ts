import { describe, expect, it } from "vitest";

import { readSettings } from "../../../../apps/dashboard/server/settings.ts";

const needed = {
  FLIGHT_ADDRESS: "query:32010",
  FLIGHT_USER_FILE: "/run/user",
  FLIGHT_PASSWORD_FILE: "/run/password",
  AUTH_USER_FILE: "/run/viewer",
  AUTH_PASSWORD_FILE: "/run/viewers-password",
};

describe("readSettings", () => {
  it("needs the query engine's address and credentials", () => {
    expect(readSettings(needed)).toEqual({ ...needed, PORT: 8080, AUTH: "password" });
    expect(() => readSettings({ FLIGHT_ADDRESS: "query", PORT: "x" })).toThrow(
      /PORT: .*FLIGHT_ADDRESS: host:port; FLIGHT_USER_FILE: .*FLIGHT_PASSWORD_FILE: /,
    );
  });

  it("does without a password only if told so", () => {
    const open = { ...needed, AUTH_PASSWORD_FILE: undefined };
    expect(() => readSettings(open)).toThrow(
      "AUTH: password needs AUTH_USER_FILE and AUTH_PASSWORD_FILE",
    );
    expect(readSettings({ ...open, AUTH: "none" }).AUTH).toBe("none");
  });

  it("needs all of an issuer where users sign in, and nobody's strangers", () => {
    expect(() => readSettings({ ...needed, AUTH: "oidc" })).toThrow(
      "AUTH: oidc needs OIDC_ISSUER, OIDC_CLIENT_ID, OIDC_ALLOWED, SESSION_KEY_FILE",
    );
    const oidc = {
      ...{ ...needed, AUTH: "oidc", OIDC_CLIENT_ID: "dashboard", SESSION_KEY_FILE: "/run/key" },
      ...{ OIDC_ISSUER: "https://accounts.google.com", OIDC_ALLOWED: "@example.com" },
    };
    expect(readSettings({ ...oidc, PUBLIC_URL: "https://shop.example.com/" })).toMatchObject({
      OIDC_ISSUER: new URL("https://accounts.google.com"),
      OIDC_ALLOWED: [{ kind: "domain", domain: "example.com" }],
      PUBLIC_URL: "https://shop.example.com",
    });
    expect(() => readSettings({ ...oidc, OIDC_ALLOWED: "everyone" })).toThrow(
      "OIDC_ALLOWED: is everyone",
    );
    expect(() => readSettings({ ...oidc, OIDC_ISSUER: "http://a.example" })).toThrow(
      "OIDC_ISSUER: must be an https URL",
    );
  });

  it("needs a user and a password for the online store", () => {
    const redis = { REDIS_ADDRESS: "redis:6379", REDIS_USER_FILE: "/run/a" };
    expect(() => readSettings({ ...needed, ...redis })).toThrow(
      "REDIS_ADDRESS: needs REDIS_USER_FILE and REDIS_PASSWORD_FILE",
    );
    expect(readSettings({ ...needed, ...redis, REDIS_PASSWORD_FILE: "/run/b" })).toMatchObject(
      redis,
    );
  });

  it("may be told where the parts of the pipeline are", () => {
    const parts = { KAFKA_BROKERS: "one:9092,two:9092", NESSIE_URI: "http://nessie:19120/" };
    expect(readSettings({ ...needed, ...parts })).toMatchObject({
      KAFKA_BROKERS: "one:9092,two:9092",
      NESSIE_URI: "http://nessie:19120",
    });
    expect(() => readSettings({ ...needed, KAFKA_BROKERS: "kafka", SPARK_UI_URI: "x" })).toThrow(
      /KAFKA_BROKERS: host:port,host:port; SPARK_UI_URI: /,
    );
  });
});
