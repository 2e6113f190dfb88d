/** Who may look, of all that an issuer signs in. */
export type Rule =
  | { readonly kind: "everyone" }
  /** A verified e-mail address. */
  | { readonly kind: "address"; readonly address: string }
  /** Verified e-mail addresses of a domain. */
  | { readonly kind: "domain"; readonly domain: string }
  /** A claim that is the value, or a list that has it. */
  | { readonly kind: "claim"; readonly claim: string; readonly value: string };

/** What an issuer says of a user, by name. */
export type Claims = Readonly<Record<string, unknown>>;

/**
 * Reads a list with commas: `everyone`, `ada@example.com`, `@example.com`, `groups=shop`.
 * @throws Error that names the first entry that is none of these.
 */
export function parseRules(text: string): Rule[] {
  const rules = text.split(",").map((entry) => parseRule(entry.trim()));
  if (rules.length > 1 && rules.some(({ kind }) => kind === "everyone")) {
    throw new Error("has others beside everyone");
  }
  return rules;
}

/** Why a text is no list of rules, or undefined if it is one. */
export function problemOfRules(text: string): string | undefined {
  try {
    parseRules(text);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

function parseRule(entry: string): Rule {
  if (entry === "everyone") return { kind: "everyone" };
  const [, claim, value] = /^([^=\s]+)=(.+)$/.exec(entry) ?? [];
  if (claim !== undefined && value !== undefined) return { kind: "claim", claim, value };
  const [, domain] = /^@([\w-]+(?:\.[\w-]+)+)$/.exec(entry) ?? [];
  if (domain !== undefined) return { kind: "domain", domain: lowerCase(domain) };
  if (addressForm.test(entry) && !entry.includes("*"))
    return { kind: "address", address: lowerCase(entry) };
  throw new Error(`has "${entry}", which is neither ada@example.com, @example.com nor claim=value`);
}

const addressForm = /^[^@\s]+@[^@\s]+$/;

/** Whether one of the rules lets in a user of whom `issuer` says this. */
export function isAllowed(rules: readonly Rule[], claims: Claims, issuer: URL): boolean {
  const email = verifiedEmail(claims);
  return rules.some((rule) => {
    switch (rule.kind) {
      case "everyone":
        return true;
      case "address":
        return email === rule.address;
      case "domain":
        return email?.split("@")[1] === rule.domain && isOfDomain(claims, rule.domain, issuer);
      case "claim":
        return valuesOf(claims, rule.claim).includes(rule.value);
    }
  });
}

/**
 * Of Google only members of the organisation count: an account with an address of `example.com` can
 * be anybody's who once could read its mail, and stays when the organisation lets him go.
 * https://developers.google.com/identity/openid-connect/openid-connect#an-id-tokens-payload
 */
function isOfDomain({ hd }: Claims, domain: string, issuer: URL): boolean {
  return issuer.host !== google || (typeof hd === "string" && lowerCase(hd) === domain);
}

/** The host of Google as an issuer. */
export const google = "accounts.google.com";

/** The address of a user who the issuer knows to own it. An unverified one is anybody's claim. */
function verifiedEmail({ email, email_verified: isVerified }: Claims): string | undefined {
  if (typeof email !== "string" || !addressForm.test(email)) return undefined;
  // Some issuers write booleans as texts.
  return isVerified === true || isVerified === "true" ? lowerCase(email) : undefined;
}

/** Whether the issuer names an address without having verified it, the usual reason of a refusal. */
export function hasUnverifiedEmail(claims: Claims): boolean {
  return typeof claims["email"] === "string" && verifiedEmail(claims) === undefined;
}

/** The texts of a claim; `realm_access.roles` is the claim of this name, or else `roles` within `realm_access`. */
function valuesOf(claims: Claims, name: string): string[] {
  const found = Object.hasOwn(claims, name)
    ? claims[name]
    : name.split(".").reduce<unknown>((value, key) => entryOf(value, key), claims);
  return (Array.isArray(found) ? found : [found])
    .filter((value) => ["string", "number", "boolean"].includes(typeof value))
    .map(String);
}

function entryOf(value: unknown, key: string): unknown {
  const isObject = typeof value === "object" && value !== null && Object.hasOwn(value, key);
  return isObject ? (value as Record<string, unknown>)[key] : undefined;
}

/** Only of ASCII: other letters must not become those of somebody else's address. */
function lowerCase(text: string): string {
  return text.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
}

/** Where everybody can get an account. */
const publicIssuers = new Set([
  google,
  "appleid.apple.com",
  "gitlab.com",
  "login.yahoo.com",
  "www.facebook.com",
  "www.linkedin.com",
]);

/** Domains of addresses that everybody can get at Google. */
const publicDomains = new Set(["gmail.com", "googlemail.com"]);

/** Why these rules would let in strangers of the issuer, or undefined if they do not. */
export function dangerOf(rules: readonly Rule[], { host }: URL): string | undefined {
  if (!publicIssuers.has(host)) return undefined;
  if (rules.some(({ kind }) => kind === "everyone")) {
    return `is everyone, but at ${host} everybody can get an account: name addresses or domains`;
  }
  const open = rules.find((rule) => rule.kind === "domain" && publicDomains.has(rule.domain));
  if (open?.kind === "domain") {
    return `has @${open.domain}, of which everybody can get an address: name the addresses`;
  }
  return undefined;
}
