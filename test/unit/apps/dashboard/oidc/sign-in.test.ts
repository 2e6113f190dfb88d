import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";

import { Issuer } from "../../../../../apps/dashboard/server/access/oidc/issuer.ts";
import { parseRules } from "../../../../../apps/dashboard/server/access/oidc/rules.ts";
import { sessionLength } from "../../../../../apps/dashboard/server/access/oidc/sessions.ts";
import type { OidcOptions } from "../../../../../apps/dashboard/server/access/oidc/sign-in.ts";
import { startApp, type TestApp } from "../test-app.ts";
import { Browser } from "./browser.ts";
import { client, hosts, signInThere, startProvider, type TestProvider } from "./provider.ts";

// A provider and its keys take their time on a machine that is busy with other things.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const login = { username: "lakehouse", password: "of programs" };
const sessionCookie = "lakehouse_dashboard";

let provider: TestProvider;
let dashboard: TestApp;
let browser: Browser;

function options(changes: Partial<OidcOptions> = {}): OidcOptions {
  const { issuer: url } = provider;
  return {
    issuer: new Issuer({ url, clientId: client.id, clientSecret: () => client.secret }),
    rules: parseRules("@example.com"),
    sessionKey: "a key that is kept",
    login,
    ...changes,
  };
}

/** Another dashboard, in place of the one before. */
async function restart(changes: Partial<OidcOptions> = {}): Promise<void> {
  await dashboard.stop();
  dashboard = await startApp({ oidc: options(changes) });
}

beforeAll(async () => {
  provider = await startProvider();
});

beforeEach(async () => {
  for (const method of ["log", "error", "warn", "info"] as const) {
    vi.spyOn(console, method).mockReturnValue();
  }
  dashboard = await startApp({ oidc: options() });
  browser = new Browser(dashboard.app);
});

afterEach(async () => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  await dashboard.stop();
});

afterAll(() => provider.stop());

describe("without a session", () => {
  it.each(["/api/kpis", "/api/stream", "/api/session", "/api/features/a/1"])(
    "%s is refused",
    async (url) => {
      expect((await browser.ask(url)).statusCode).toBe(401);
    },
  );

  it("a page leads to the issuer, with PKCE, state and nonce", async () => {
    const page = await browser.ask("/pipeline?range=24h");
    expect(page.statusCode).toBe(303);
    expect(page.headers.location).toBe("/login?next=%2Fpipeline%3Frange%3D24h");
    const url = await browser.begin();
    expect(url.origin).toBe(provider.issuer.origin);
    expect(Object.fromEntries(url.searchParams)).toEqual({
      client_id: client.id,
      response_type: "code",
      redirect_uri: "http://dashboard.test/login/callback",
      scope: "openid profile email",
      code_challenge_method: "S256",
      code_challenge: expect.stringMatching(/^[\w-]{43}$/) as string,
      state: expect.stringMatching(/^[\w-]{43}$/) as string,
      nonce: expect.stringMatching(/^[\w-]{43}$/) as string,
    });
  });

  it("probes and metrics are open", async () => {
    expect((await browser.ask("/healthz")).statusCode).toBe(200);
    expect((await browser.ask("/metrics")).statusCode).toBe(200);
  });

  it("programs send the password, which no page takes", async () => {
    const ask = (password: string) =>
      dashboard.app.inject({
        url: "/api/session",
        headers: { authorization: `Basic ${btoa(`${login.username}:${password}`)}` },
      });
    expect((await ask(login.password)).json()).toEqual({ data: { username: "lakehouse" } });
    expect((await ask("guessed")).statusCode).toBe(401);
    expect((await browser.ask("/login", "POST")).statusCode).toBe(404);
  });
});

describe("a user of the issuer who is allowed", () => {
  it("signs in and gets to where he was going", async () => {
    const response = await browser.signIn("ada", "/pipeline?range=24h");
    expect(response.statusCode).toBe(303);
    expect(response.headers.location).toBe("/pipeline?range=24h");
    expect([...browser.cookies.keys()]).toEqual([sessionCookie]);
    expect((await browser.ask("/")).statusCode).toBe(200);
    expect((await browser.ask("/login")).headers.location).toBe("/");
    expect((await browser.ask("/api/session")).json()).toEqual({
      data: { username: "Ada@Example.com" },
    });
  });

  it.each(["//evil.example", "https://evil.example", "/\\evil.example", `/?a=${"b".repeat(5000)}`])(
    "is not led to %.30s",
    async (next) => {
      expect((await browser.signIn("ada", next)).headers.location).toBe("/");
    },
  );

  it("may sign in twice at a time", async () => {
    const [one, other] = [await browser.begin("/?range=1h"), await browser.begin("/pipeline")];
    const come = async (url: URL) => browser.comeBack(await signInThere(url.href, "ada"));
    expect((await come(one)).headers.location).toBe("/?range=1h");
    expect((await come(other)).headers.location).toBe("/pipeline");
  });

  it("keeps cookies that no script and no other site's form gets at", async () => {
    const begun = await browser.ask("/login");
    expect(begun.headers["set-cookie"]).toMatch(
      /^lakehouse_sign_in\.[\w-]{43}=[\w.-]+; Path=\/login\/callback; Max-Age=600; HttpOnly; SameSite=Lax$/,
    );
    const { cookies } = await browser.signIn("ada");
    expect(cookies.find(({ name }) => name === sessionCookie)).toEqual({
      name: sessionCookie,
      value: expect.stringMatching(/^[\w.-]+$/) as string,
      path: "/",
      maxAge: sessionLength / 1000,
      httpOnly: true,
      sameSite: "Lax",
    });
  });

  it("sends them over TLS alone, and comes back there, where the dashboard is behind it", async () => {
    await restart({ publicUrl: hosts.tls });
    browser = new Browser(dashboard.app);
    const response = await browser.signIn("ada");
    expect(response.headers.location).toBe("/");
    expect(response.cookies.map(({ secure }) => secure)).toEqual([true, true]);
  });

  it("stays signed in through a restart, but not with another key or other rules", async () => {
    await browser.signIn("ada");
    const status = async (changes: Partial<OidcOptions>) => {
      await restart(changes);
      const headers = { cookie: browser.cookie };
      return (await dashboard.app.inject({ url: "/api/session", headers })).statusCode;
    };
    expect(await status({})).toBe(200);
    expect(await status({ sessionKey: "another" })).toBe(401);
    expect(await status({ rules: parseRules("@other.example") })).toBe(401);
  });

  it("is let in by a claim of his", async () => {
    await restart({ rules: parseRules("groups=shop") });
    browser = new Browser(dashboard.app);
    expect((await browser.signIn("ada")).statusCode).toBe(303);
  });
});

describe("a session", () => {
  it("ends after a working day", async () => {
    await browser.signIn("ada");
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + sessionLength + 1_000 });
    expect((await browser.ask("/api/kpis")).statusCode).toBe(401);
    expect((await browser.ask("/")).headers.location).toBe("/login?next=%2F");
  });

  it("takes its streams along", async () => {
    await browser.signIn("ada");
    const address = await dashboard.app.listen({ port: 0 });
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + sessionLength - 2_000 });
    const response = await fetch(`${address}/api/stream`, { headers: { cookie: browser.cookie } });
    expect(response.status).toBe(200);
    await expect(response.text()).rejects.toThrow();
  });

  it("cannot be changed or made up", async () => {
    await browser.begin();
    const [pending = ""] = browser.cookies.values();
    await browser.signIn("ada");
    const token = browser.cookies.get(sessionCookie) ?? "";
    const middle = Math.floor(token.length / 2);
    const changed = token.at(middle) === "A" ? "B" : "A";
    const forgeries = [
      token.slice(0, middle) + changed + token.slice(middle + 1),
      token.slice(0, -4),
      pending,
      "",
      "a.b.c.d.e",
      `${btoa('{"alg":"none"}')}.${btoa('{"sub":"ada"}')}.`,
    ];
    for (const forged of forgeries) {
      browser.cookies.set(sessionCookie, forged);
      expect((await browser.ask("/api/session")).statusCode, forged).toBe(401);
    }
  });

  it("ends when its user signs out, who can then sign in as another", async () => {
    await browser.signIn("ada");
    const response = await browser.ask("/logout", "POST");
    expect(response.headers.location).toBe("/signed-out");
    expect(browser.cookies.size).toBe(0);
    expect((await browser.ask("/api/session")).statusCode).toBe(401);
    const page = await browser.ask("/signed-out");
    expect(page.body).toContain(`href="${provider.issuer.origin}/session/end?client_id=dashboard"`);
    expect(page.body).toContain('href="/login?other"');
    const { headers } = await browser.ask("/login?other");
    const url = new URL(String(headers.location));
    expect(url.searchParams.get("prompt")).toBe("login");
    const back = await browser.comeBack(await signInThere(url.href, "ada"));
    expect(back.headers.location).toBe("/");
  });
});

describe("who is not allowed", () => {
  it("is told so, and as whom he is signed in", async () => {
    const response = await browser.signIn("bob");
    expect(response.statusCode).toBe(403);
    expect(response.body).toContain("You may not see this dashboard");
    expect(response.body).toContain("bob@other.example");
    expect(browser.cookies.size).toBe(0);
    expect(console.log).toHaveBeenCalledWith(
      '"bob@other.example" was refused: no rule allows this user',
    );
  });

  it("is told that his address is not verified", async () => {
    const response = await browser.signIn("eve");
    expect(response.statusCode).toBe(403);
    expect(response.body).toContain("not verified");
  });

  it("cannot write into the page", async () => {
    const { body } = await browser.signIn("<b>");
    expect(body).toContain("&lt;b&gt;");
    expect(body).not.toContain("<b>");
  });
});

describe("an answer of the issuer", () => {
  /** Signs in with a sign-in that was changed on its way to the issuer. */
  async function withChanged(name: string): Promise<number> {
    const url = await browser.begin();
    url.searchParams.set(name, "x".repeat(43));
    return (await browser.comeBack(await signInThere(url.href, "ada"))).statusCode;
  }

  it("to another state is not taken", async () => {
    expect(await withChanged("state")).toBe(400);
    expect(browser.cookies.has(sessionCookie)).toBe(false);
  });

  it.each(["nonce", "code_challenge"])("to another %s is not taken", async (name) => {
    expect(await withChanged(name)).toBe(502);
    expect(browser.cookies.size).toBe(0);
    expect(console.error).toHaveBeenCalledWith(
      expect.stringContaining(`A sign-in at ${provider.issuer.host} failed: `),
    );
  });

  it("is not taken from another browser, nor twice, nor too late", async () => {
    const answer = await signInThere((await browser.begin()).href, "ada");
    expect((await new Browser(dashboard.app).comeBack(answer)).statusCode).toBe(400);
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 601_000 });
    const late = new Browser(dashboard.app);
    for (const [name, value] of browser.cookies) late.cookies.set(name, value);
    expect((await late.comeBack(answer)).statusCode).toBe(400);
    vi.useRealTimers();
    const begun = new Map(browser.cookies);
    expect((await browser.comeBack(answer)).statusCode).toBe(303);
    expect((await browser.comeBack(answer)).statusCode).toBe(400);
    for (const [name, value] of begun) browser.cookies.set(name, value);
    expect((await browser.comeBack(answer)).statusCode).toBe(502);
  });

  it("without a state is not taken", async () => {
    expect((await browser.ask("/login/callback")).statusCode).toBe(400);
    expect((await browser.ask("/login/callback?state=%0d%0a&code=1")).statusCode).toBe(400);
  });

  it("that refuses the user is shown as text", async () => {
    const url = await browser.begin();
    const parameters = new URLSearchParams({
      error: "access_denied",
      error_description: "no <script> today",
      state: url.searchParams.get("state") ?? "",
      iss: provider.issuer.origin,
    });
    const response = await browser.ask(`/login/callback?${String(parameters)}`);
    expect(response.statusCode).toBe(403);
    expect(response.body).toContain("no &lt;script&gt; today");
  });

  it("is not redeemed with a wrong secret of the client, of which the log tells", async () => {
    const { issuer: url } = provider;
    const issuer = new Issuer({ url, clientId: client.id, clientSecret: () => "wrong" });
    await restart({ issuer });
    browser = new Browser(dashboard.app);
    expect((await browser.signIn("ada")).statusCode).toBe(502);
    expect(console.error).toHaveBeenCalledWith(expect.stringContaining("invalid_client"));
  });
});

describe("an issuer that cannot be reached", () => {
  it("keeps nothing else from being served, and is tried again", async () => {
    const gone = await startProvider();
    await gone.stop();
    const issuer = new Issuer({
      ...{ url: gone.issuer, clientId: client.id },
      clientSecret: () => client.secret,
    });
    await restart({ issuer });
    browser = new Browser(dashboard.app);
    const refused = await browser.ask("/login");
    expect(refused.statusCode).toBe(503);
    expect(refused.body).toContain(gone.issuer.host);
    expect(console.error).toHaveBeenCalledWith(
      expect.stringMatching(
        /^The issuer http:\S+ cannot be used: .*ECONNREFUSED.*tries it again\.$/,
      ),
    );
    expect((await browser.ask("/healthz")).statusCode).toBe(200);
    expect((await browser.ask("/signed-out")).statusCode).toBe(200);

    const back = await startProvider(Number(gone.issuer.port));
    await vi.waitFor(
      async () => {
        expect((await browser.ask("/login")).statusCode).toBe(303);
      },
      { timeout: 30_000, interval: 500 },
    );
    expect((await browser.signIn("ada")).statusCode).toBe(303);
    await back.stop();
  });
});
