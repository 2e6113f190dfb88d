import { describe, expect, it } from "vitest";

import { problemOfIssuer } from "../../../../../apps/dashboard/server/access/oidc/issuer-url.ts";
import {
  type Claims,
  dangerOf,
  hasUnverifiedEmail,
  isAllowed,
  parseRules,
  problemOfRules,
} from "../../../../../apps/dashboard/server/access/oidc/rules.ts";

const keycloak = new URL("https://sso.example.com/realms/shop");
const google = new URL("https://accounts.google.com");

const allows = (rules: string, claims: Claims, issuer = keycloak): boolean =>
  isAllowed(parseRules(rules), claims, issuer);
const verified = (email: string, more: Claims = {}): Claims => ({
  ...{ email, email_verified: true },
  ...more,
});

describe("addresses and domains", () => {
  it.each([
    ["ada@example.com", verified("ada@example.com")],
    ["Ada@Example.com", verified("aDA@EXAMPLE.com")],
    ["bob@example.com, ada@example.com", verified("ada@example.com")],
    ["@example.com", verified("ada@example.com")],
    ["@Example.com", { email: "ada@EXAMPLE.com", email_verified: "true" }],
  ])("%s lets in %j", (rules, claims) => {
    expect(allows(rules, claims)).toBe(true);
  });

  it.each([
    ["ada@example.com", { email: "ada@example.com" }],
    ["ada@example.com", { email: "ada@example.com", email_verified: false }],
    ["ada@example.com", { email: ["ada@example.com"], email_verified: true }],
    ["ada@example.com", { preferred_username: "ada@example.com", email_verified: true }],
    ["@example.com", verified("ada@sub.example.com")],
    ["@example.com", verified("ada@notexample.com")],
    ["@example.com", verified("ada@example.com.evil.example")],
    ["@example.com", verified("ada@example.com@evil.example")],
    ["@example.com", verified("ada@evil.example@example.com")],
    // The sign of Kelvin becomes a `k` in lower case.
    ["@kexample.com", verified("ada@\u212Aexample.com")],
    ["@example.com", {}],
  ])("%s does not let in %j", (rules, claims) => {
    expect(allows(rules, claims)).toBe(false);
  });

  it("of Google are those of the organisation", () => {
    expect(allows("@example.com", verified("ada@example.com"), google)).toBe(false);
    const member = verified("ada@example.com", { hd: "example.com" });
    expect(allows("@example.com", member, google)).toBe(true);
    const guest = verified("ada@example.com", { hd: "other.example" });
    expect(allows("@example.com", guest, google)).toBe(false);
    expect(allows("ada@gmail.com", verified("ada@gmail.com"), google)).toBe(true);
  });

  it("that are not verified can be told", () => {
    expect(hasUnverifiedEmail({ email: "ada@example.com" })).toBe(true);
    expect(hasUnverifiedEmail(verified("ada@example.com"))).toBe(false);
    expect(hasUnverifiedEmail({})).toBe(false);
  });
});

describe("claims", () => {
  it.each([
    ["groups=shop", { groups: ["other", "shop"] }],
    ["department=Data Engineering", { department: "Data Engineering" }],
    ["realm_access.roles=viewer", { realm_access: { roles: ["viewer"] } }],
    ["https://example.com/roles=viewer", { "https://example.com/roles": ["viewer"] }],
    ["level=3", { level: 3 }],
    ["groups=a=b", { groups: "a=b" }],
  ])("%s lets in %j", (rules, claims) => {
    expect(allows(rules, claims)).toBe(true);
  });

  it.each([
    ["groups=shop", { groups: ["shops", "Shop"] }],
    ["groups=shop", { groups: "shop, other" }],
    ["groups=shop", {}],
    ["groups=undefined", {}],
    ["groups=null", { groups: null }],
    ["constructor.name=Object", {}],
    ["realm_access.roles=viewer", { realm_access: "viewer" }],
  ])("%s does not let in %j", (rules, claims) => {
    expect(allows(rules, claims)).toBe(false);
  });
});

it("everyone is only who is meant by `everyone`", () => {
  expect(allows("everyone", {})).toBe(true);
  expect(problemOfRules("everyone")).toBeUndefined();
  expect(problemOfRules("everyone, @example.com")).toBe("has others beside everyone");
});

it.each(["", "*", "*@example.com", "example.com", "@com", "ada@example.com,", "=shop", "groups="])(
  "%j is no list of rules",
  (text) => {
    expect(problemOfRules(text)).toMatch(/^has ".*", which is neither/);
  },
);

it("strangers of public issuers are not let in", () => {
  expect(dangerOf(parseRules("everyone"), google)).toMatch(/accounts\.google\.com everybody can/);
  expect(dangerOf(parseRules("bob@gmail.com,@gmail.com"), google)).toMatch(/^has @gmail\.com/);
  expect(dangerOf(parseRules("bob@gmail.com,@example.com"), google)).toBeUndefined();
  expect(dangerOf(parseRules("everyone"), keycloak)).toBeUndefined();
});

describe("the issuer's URL", () => {
  it.each([
    "https://accounts.google.com",
    "https://sso.example.com/realms/shop",
    "https://login.microsoftonline.com/8f0c8a3e-0000-4000-8000-000000000000/v2.0",
    "http://localhost:8081/realms/shop",
    "http://keycloak.sso.svc:8080/realms/shop",
  ])("may be %s", (url) => {
    expect(problemOfIssuer(url)).toBeUndefined();
  });

  it.each([
    ["accounts.google.com", "must be an https URL"],
    ["http://sso.example.com", "must be an https URL"],
    ["http://sso.svc.example.com", "must be an https URL"],
    ["https://user:password@sso.example.com", "without user"],
    ["https://sso.example.com/?a=b", "without user, query"],
    ["https://sso.example.com/.well-known/openid-configuration", "must end before"],
    ["https://login.microsoftonline.com/common/v2.0", "must name one tenant"],
  ])("cannot be %s", (url, problem) => {
    expect(problemOfIssuer(url)).toContain(problem);
  });
});
