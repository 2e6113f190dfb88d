import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

import Provider, { type Configuration } from "oidc-provider";

/** What the dashboard is called at the provider. */
export const client = { id: "dashboard", secret: "a secret with +/ & signs" };
/** Where the provider may send users back to. */
export const hosts = { plain: "http://dashboard.test", tls: "https://shop.example.com" };

/** Its users; the sign-in takes each name with any password. */
const accounts: Readonly<Record<string, Record<string, unknown>>> = {
  ada: { email: "Ada@Example.com", email_verified: true, groups: ["shop"] },
  bob: { email: "bob@other.example", email_verified: true },
  eve: { email: "ada@example.com", email_verified: false },
  "<b>": {},
};

export interface TestProvider {
  readonly issuer: URL;
  readonly stop: () => Promise<void>;
}

/** A real provider on this machine. It keeps e-mail addresses out of ID tokens, as the standard has it. */
export async function startProvider(
  port = 0,
  configuration: Configuration = {},
): Promise<TestProvider> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  const issuer = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  const provider = new Provider(issuer.origin, {
    clients: [
      {
        client_id: client.id,
        client_secret: client.secret,
        redirect_uris: Object.values(hosts).map((host) => `${host}/login/callback`),
      },
    ],
    claims: { openid: ["sub"], profile: ["groups"], email: ["email", "email_verified"] },
    findAccount: (_context, id) => ({
      accountId: id,
      claims: () => ({ sub: id, ...accounts[id] }),
    }),
    cookies: { keys: ["a key of the test"] },
    // Without it everybody is asked to consent.
    loadExistingGrant: async ({ oidc }) => {
      const grant = new oidc.provider.Grant({
        accountId: oidc.session?.accountId ?? "",
        clientId: client.id,
      });
      grant.addOIDCScope("openid profile email");
      await grant.save();
      return grant;
    },
    ...configuration,
  });
  const answer = provider.callback();
  server.on("request", (request, response) => void answer(request, response));
  return {
    issuer,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
        server.closeAllConnections();
      }),
  };
}

/** Signs in at the provider as a browser does; returns where it sends the user back to. */
export async function signInThere(start: string, account: string): Promise<string> {
  const jar = new Map<string, string>();
  let url = new URL(start);
  let form: URLSearchParams | undefined;
  for (let hop = 0; hop < 10; hop++) {
    const response = await fetch(url, {
      redirect: "manual",
      headers: { cookie: [...jar].map(([name, value]) => `${name}=${value}`).join("; ") },
      ...(form && { method: "POST", body: form }),
    });
    form = undefined;
    for (const cookie of response.headers.getSetCookie()) {
      const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(cookie) ?? [];
      jar.set(name, value);
    }
    const location = response.headers.get("location");
    if (location !== null) {
      url = new URL(location, url);
      if (url.pathname === "/login/callback") return url.href;
    } else if (response.ok) {
      form = new URLSearchParams({ prompt: "login", login: account, password: "any" });
    } else {
      throw new Error(`The provider answered ${response.status}: ${await response.text()}`);
    }
  }
  throw new Error("The provider never sends the user back");
}
