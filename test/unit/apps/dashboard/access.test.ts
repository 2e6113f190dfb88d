import Fastify, { type FastifyInstance } from "fastify";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import { Attempts } from "../../../../apps/dashboard/server/access/attempts.ts";
import {
  parseBasic,
  sessionLength,
  Sessions,
} from "../../../../apps/dashboard/server/access/credentials.ts";
import { trustedProxies } from "../../../../apps/dashboard/server/access/guard.ts";
import { protect } from "../../../../apps/dashboard/server/access/protect.ts";

const login = { username: "lakehouse", password: "pass:wörd" };
const basic = (password: string): string =>
  `Basic ${Buffer.from(`lakehouse:${password}`).toString("base64")}`;

let app: FastifyInstance;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date"], now: Date.UTC(2026, 0, 1) });
  app = Fastify();
  protect(app, login);
  for (const path of ["/", "/pipeline", "/api/kpis", "/healthz", "/metrics"]) {
    app.get(path, () => "seen");
  }
});

afterEach(async () => {
  vi.useRealTimers();
  await app.close();
});

function signIn(password: string, next = "/", headers: Record<string, string> = {}) {
  return app.inject({
    method: "POST",
    url: "/login",
    headers: { ...headers, "content-type": "application/x-www-form-urlencoded" },
    payload: String(new URLSearchParams({ username: "lakehouse", password, next })),
  });
}

describe("without a password", () => {
  it.each(["/healthz", "/metrics"])("%s is open, for probes", async (url) => {
    expect((await app.inject(url)).body).toBe("seen");
  });

  it("a program is told to send it", async () => {
    const response = await app.inject("/api/kpis");
    expect(response.statusCode).toBe(401);
    expect(response.headers["www-authenticate"]).toContain("Basic");
    expect(response.body).not.toContain("seen");
  });

  it("the page's own requests do not make the browser ask for it", async () => {
    const response = await app.inject({
      url: "/api/kpis",
      headers: { "sec-fetch-mode": "cors" },
    });
    expect(response.statusCode).toBe(401);
    expect(response.headers).not.toHaveProperty("www-authenticate");
  });

  it("a browser is led to the page that asks for it, and then on to where it was going", async () => {
    const url = "/pipeline?range=24h";
    const response = await app.inject({ url, headers: { accept: "text/html" } });
    expect(response.statusCode).toBe(303);
    expect(response.headers.location).toBe(`/login?next=${encodeURIComponent(url)}`);
    const page = await app.inject(String(response.headers.location));
    expect(page.statusCode).toBe(200);
    expect(page.body).toContain(`name="next" value="${url}"`);
  });

  it.each(["/nothing", "/login/../api/kpis", "/healthz/../api/kpis", "//login"])(
    "%s shows nothing",
    async (url) => {
      expect((await app.inject(url)).statusCode).toBe(401);
    },
  );
});

describe("with the password", () => {
  it("a program sees everything", async () => {
    const headers = { authorization: basic(login.password) };
    expect((await app.inject({ url: "/api/kpis", headers })).body).toBe("seen");
  });

  it("a browser gets a cookie that no script can read, and goes on", async () => {
    const response = await signIn(login.password, "/pipeline?range=24h");
    expect(response.statusCode).toBe(303);
    expect(response.headers.location).toBe("/pipeline?range=24h");
    expect(response.headers["set-cookie"]).toMatch(/; HttpOnly; SameSite=Lax$/);
    const cookie = String(response.headers["set-cookie"]).split(";")[0] ?? "";
    const headers = { cookie: `other=1; ${cookie}` };
    expect((await app.inject({ url: "/", headers })).body).toBe("seen");
    vi.setSystemTime(Date.now() + sessionLength);
    expect((await app.inject({ url: "/", headers })).statusCode).toBe(401);
  });

  it.each(["//evil.example", "https://evil.example", "/\\evil.example", "/api/kpis"])(
    "nobody is led to %s",
    async (next) => {
      expect((await signIn(login.password, next)).headers.location).toBe("/");
    },
  );

  it("the page is told that there is somebody to sign out", async () => {
    const headers = { authorization: basic(login.password) };
    expect((await app.inject({ url: "/api/session", headers })).json()).toEqual({
      data: { username: "lakehouse" },
    });
  });

  it("signing out takes the cookie away", async () => {
    const { headers } = await signIn(login.password);
    const cookie = String(headers["set-cookie"]).split(";")[0] ?? "";
    const response = await app.inject({ method: "POST", url: "/logout", headers: { cookie } });
    expect(response.headers["set-cookie"]).toContain("Max-Age=0");
  });
});

describe("behind a proxy", () => {
  const forwarded = { "x-forwarded-for": "203.0.113.7", "x-forwarded-proto": "https" };

  beforeEach(async () => {
    await app.close();
    app = Fastify({ trustProxy: trustedProxies(1) });
    protect(app, login);
    for (const path of ["/", "/healthz", "/metrics"]) app.get(path, () => "seen");
  });

  it("the cookie is for TLS alone", async () => {
    const response = await signIn(login.password, "/", forwarded);
    expect(response.headers["set-cookie"]).toMatch(/; Secure$/);
  });

  it("wrong passwords slow down their own sender, whatever it says of others", async () => {
    for (let attempt = 0; attempt < 5; attempt++) {
      const from = { "x-forwarded-for": `198.51.100.${attempt}, 203.0.113.7` };
      await signIn("wrong", "/", from);
    }
    expect((await signIn(login.password, "/", forwarded)).statusCode).toBe(429);
    const other = { "x-forwarded-for": "203.0.113.8" };
    expect((await signIn(login.password, "/", other)).statusCode).toBe(303);
  });

  it("metrics are not for the world", async () => {
    const headers = forwarded;
    expect((await app.inject({ url: "/metrics", headers })).statusCode).toBe(401);
    expect((await app.inject({ url: "/healthz", headers })).body).toBe("seen");
    expect((await app.inject("/metrics")).body).toBe("seen");
  });
});

describe("with wrong passwords", () => {
  it("says so, without a cookie", async () => {
    const response = await signIn("<script>");
    expect(response.statusCode).toBe(401);
    expect(response.body).toContain('role="alert"');
    expect(response.body).not.toContain("<script>");
    expect(response.headers).not.toHaveProperty("set-cookie");
  });

  it("even the right one has to wait after five tries, however they were made", async () => {
    for (let attempt = 0; attempt < 3; attempt++) await signIn("wrong");
    for (let attempt = 0; attempt < 2; attempt++) {
      await app.inject({ url: "/api/kpis", headers: { authorization: basic("wrong") } });
    }
    const refused = await signIn(login.password);
    expect(refused.statusCode).toBe(429);
    expect(refused.headers["retry-after"]).toBe("60");
    vi.setSystemTime(Date.now() + 60_000);
    expect((await signIn(login.password)).statusCode).toBe(303);
  });

  it("a session that exists goes on", async () => {
    const { headers } = await signIn(login.password);
    const cookie = String(headers["set-cookie"]).split(";")[0] ?? "";
    for (let attempt = 0; attempt < 6; attempt++) await signIn("wrong");
    expect((await app.inject({ url: "/", headers: { cookie } })).body).toBe("seen");
  });
});

describe("Sessions", () => {
  it("end with another password, and cannot be prolonged or made up", () => {
    const sessions = new Sessions(login);
    const token = sessions.issue(0);
    expect(sessions.isValid(token, sessionLength - 1)).toBe(true);
    expect(sessions.isValid(token, sessionLength)).toBe(false);
    expect(new Sessions({ ...login, password: "new" }).isValid(token, 0)).toBe(false);
    const [, signature = ""] = token.split(".");
    for (const forged of ["", ".", `9${token}`, `NaN.${signature}`, `${token}x`]) {
      expect(sessions.isValid(forged, 0), forged).toBe(false);
    }
  });
});

describe("Attempts", () => {
  it("are counted by address and forgotten after a success", () => {
    const attempts = new Attempts();
    for (let attempt = 0; attempt < 5; attempt++) attempts.failed("one", 0);
    expect(attempts.secondsToWait("one", 0)).toBe(60);
    expect(attempts.secondsToWait("other", 0)).toBe(0);
    attempts.succeeded("one");
    expect(attempts.secondsToWait("one", 0)).toBe(0);
  });
});

it("parseBasic takes a password with a colon as it is, and nothing else", () => {
  expect(parseBasic(basic("a:b"))).toEqual({ username: "lakehouse", password: "a:b" });
  expect(parseBasic("Bearer abc")).toBeUndefined();
  expect(parseBasic(`Basic ${Buffer.from("nocolon").toString("base64")}`)).toBeUndefined();
  expect(parseBasic(undefined)).toBeUndefined();
});
