/** Tenants of Microsoft that stand for many, whose tokens name another issuer than was asked. */
const sharedTenants = /^\/(common|organizations|consumers)(\/|$)/;

/** Why an issuer's URL cannot be used, or undefined if it can. */
export function problemOfIssuer(text: string): string | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !isTrustworthy(url)) {
    return "must be an https URL such as https://accounts.google.com";
  }
  if (url.search !== "" || url.hash !== "" || url.username !== "" || url.password !== "") {
    return "must be a URL without user, query and fragment";
  }
  if (url.pathname.endsWith("/.well-known/openid-configuration")) {
    return "must end before /.well-known/openid-configuration";
  }
  if (url.host === "login.microsoftonline.com" && sharedTenants.test(url.pathname)) {
    return "must name one tenant, as in https://login.microsoftonline.com/TENANT-ID/v2.0";
  }
  return undefined;
}

/** Tokens travel encrypted, or do not leave the machine or the cluster. */
function isTrustworthy({ protocol, hostname }: URL): boolean {
  if (protocol === "https:") return true;
  return (
    protocol === "http:" && /^(localhost|127\.0\.0\.1|.+\.svc(\.cluster\.local)?)$/.test(hostname)
  );
}
