import type { FastifyInstance, LightMyRequestResponse } from "fastify";

import { hosts, signInThere } from "./provider.ts";

/** Cookies and redirects as a browser has them, as far as they concern the dashboard. */
export class Browser {
  readonly cookies = new Map<string, string>();
  readonly #app: FastifyInstance;

  constructor(app: FastifyInstance) {
    this.#app = app;
  }

  get cookie(): string {
    return [...this.cookies].map(([name, value]) => `${name}=${value}`).join("; ");
  }

  async ask(url: string, method: "GET" | "POST" = "GET"): Promise<LightMyRequestResponse> {
    const response = await this.#app.inject({
      ...{ url, method },
      headers: {
        host: new URL(hosts.plain).host,
        accept: url.startsWith("/api") ? "application/json" : "text/html",
        cookie: this.cookie,
        ...(method === "POST" && { "content-type": "application/x-www-form-urlencoded" }),
      },
    });
    for (const { name, value, maxAge } of response.cookies) {
      if (maxAge === 0) this.cookies.delete(name);
      else this.cookies.set(name, value);
    }
    return response;
  }

  /** Begins a sign-in; returns where the dashboard sends the browser to. */
  async begin(next = "/"): Promise<URL> {
    const { headers } = await this.ask(`/login?next=${encodeURIComponent(next)}`);
    return new URL(String(headers.location));
  }

  /** Signs in, and returns the dashboard's answer to what the provider says. */
  async signIn(account: string, next?: string): Promise<LightMyRequestResponse> {
    return this.comeBack(await signInThere((await this.begin(next)).href, account));
  }

  /** Follows the provider's redirect. */
  comeBack(address: string): Promise<LightMyRequestResponse> {
    const { pathname, search } = new URL(address);
    return this.ask(pathname + search);
  }
}
