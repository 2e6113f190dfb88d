import staticFiles from "@fastify/static";
import Fastify, { type FastifyInstance } from "fastify";
import type { Registry } from "prom-client";

import type { Login } from "./access/credentials.ts";
import { trustedProxies } from "./access/guard.ts";
import { type OidcOptions, protectByOidc } from "./access/oidc/sign-in.ts";
import { protect } from "./access/protect.ts";
import { addApi, type ApiSources } from "./routes.ts";

/** The page brings everything along and talks to its own server alone. */
const securityHeaders = {
  "content-security-policy":
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; " +
    "connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "permissions-policy": "camera=(), geolocation=(), microphone=()",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
};

export interface AppOptions extends ApiSources {
  readonly metrics: Registry;
  /** Folder of the built client. */
  readonly publicFolder: string;
  /** Whose password opens the page; without it and `oidc` everybody may see it. */
  readonly login?: Login | undefined;
  /** Where users sign in, instead of with a password. */
  readonly oidc?: OidcOptions | undefined;
  /** Reverse proxies in front of it, whose word on who asks is taken. @default 0 */
  readonly proxyHops?: number | undefined;
}

/** The dashboard's HTTP interface. */
export async function createApp(options: AppOptions): Promise<FastifyInstance> {
  const { metrics, publicFolder, login, oidc, proxyHops = 0 } = options;
  const app = Fastify({
    forceCloseConnections: true,
    trustProxy: trustedProxies(proxyHops),
    // Wide enough for the endpoints to say themselves what is too long.
    routerOptions: { maxParamLength: 4_096 },
  });
  app.addHook("onRequest", (_request, reply, done) => {
    reply.headers(securityHeaders);
    done();
  });
  if (oidc !== undefined) protectByOidc(app, oidc);
  else if (login !== undefined) protect(app, login);

  addApi(app, options);
  app.get("/healthz", () => "ok\n");
  app.get("/metrics", async (_request, reply) => {
    reply.header("content-type", metrics.contentType);
    return metrics.metrics();
  });

  await app.register(staticFiles, {
    root: publicFolder,
    // Names of assets carry a hash of their content; the page that names them is always asked for.
    setHeaders: (reply, path) => {
      const isAsset = path.includes("/assets/");
      reply.header("cache-control", isAsset ? "public, max-age=31536000, immutable" : "no-cache");
    },
  });
  app.get("/pipeline", (_request, reply) => reply.sendFile("index.html"));
  return app;
}
