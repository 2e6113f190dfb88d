import { type Output, secret } from "@pulumi/pulumi";
import { z } from "zod";

import { problemOfIssuer } from "../../apps/dashboard/server/access/oidc/issuer-url.ts";
import {
  dangerOf,
  parseRules,
  problemOfRules,
} from "../../apps/dashboard/server/access/oidc/rules.ts";

/** How users of an OpenID Connect issuer sign in to the dashboard. */
export interface OidcAccess {
  /** URL of the issuer, exactly as its tokens name it. */
  readonly issuer: string;
  /** What the issuer calls the dashboard. */
  readonly clientId: string;
  /** A secret; undefined for a public client. */
  readonly clientSecret: Output<string> | undefined;
  /** Who of the issuer's users may look, as `parseRules` reads it. */
  readonly allowed: string;
  /** How browsers reach the dashboard; undefined if at the address that each asks for. */
  readonly url: string | undefined;
}

/** A text of which `problemOf` knows nothing bad, or `none`. */
const checked = (problemOf: (text: string) => string | undefined) =>
  z
    .string()
    .superRefine((text, context) => {
      const message = text === "none" ? undefined : problemOf(text);
      if (message !== undefined) context.addIssue({ code: "custom", message });
    })
    .default("none");

const ownAddress = /^https?:\/\/[\w.-]+(:\d+)?\/?$/;

/** The keys of the project's configuration for it. */
export const oidcKeys = {
  dashboardUrl: checked((text) =>
    ownAddress.test(text)
      ? undefined
      : "must be an address without a path, such as https://shop.example.com",
  ),
  oidcIssuer: checked(problemOfIssuer),
  oidcClientId: checked((text) => (text === "" ? "must not be empty" : undefined)),
  oidcClientSecret: checked((text) => (text === "" ? "must not be empty" : undefined)),
  oidcAllowed: checked(problemOfRules),
};

type OidcValues = Readonly<Record<keyof typeof oidcKeys, string>>;

/** What must be set, with what for. */
const needs = {
  oidcIssuer: "where users sign in",
  oidcClientId: "what the dashboard is called there",
  oidcAllowed: "who of them may look",
} as const;

/** What is wrong with the keys together where users sign in at an issuer; each alone was checked. */
export function oidcProblems(values: Partial<OidcValues>): string[] {
  const missing = Object.entries(needs)
    .filter(([key]) => (values[key as keyof typeof needs] ?? "none") === "none")
    .map(([key, what]) => `lakehouse:${key} (${what})`);
  if (missing.length > 0) {
    return [
      `lakehouse:dashboardAuth is "oidc", which needs ${missing.join(", ")}: ` +
        "apps/dashboard/README.md has examples",
    ];
  }
  const { oidcIssuer = "", oidcAllowed = "" } = values;
  if (problemOfIssuer(oidcIssuer) !== undefined || problemOfRules(oidcAllowed) !== undefined) {
    return [];
  }
  const danger = dangerOf(parseRules(oidcAllowed), new URL(oidcIssuer));
  return danger === undefined ? [] : [`lakehouse:oidcAllowed ${danger}`];
}

/** @param host name of the dashboard in the DNS, if it has one; `dashboardUrl` wins */
export function oidcAccess(keys: OidcValues, host?: string): OidcAccess {
  const { oidcIssuer, oidcClientId, oidcClientSecret, oidcAllowed, dashboardUrl } = keys;
  return {
    issuer: oidcIssuer,
    clientId: oidcClientId,
    clientSecret: oidcClientSecret === "none" ? undefined : secret(oidcClientSecret),
    allowed: oidcAllowed,
    url: dashboardUrl === "none" ? host && `https://${host}` : dashboardUrl.replace(/\/$/, ""),
  };
}
