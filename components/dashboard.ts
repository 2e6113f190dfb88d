import { apps, core } from "@pulumi/kubernetes";
import { ComponentResource, type ComponentResourceOptions, type Input } from "@pulumi/pulumi";

import { type Credentials, credentials, partUser } from "./helpers/credentials.ts";
import { minReplicas, scaledByCpu } from "./helpers/autoscaling.ts";
import { oneAtATime } from "./helpers/disruption.ts";
import { type IngressSettings, ingressTo } from "./helpers/ingress.ts";
import type { OidcAccess } from "./helpers/oidc.ts";
import { type Files, labels, podTemplate, type Resources, service } from "./helpers/pod.ts";
import type { KafkaConnection } from "./kafka.ts";
import type { CatalogConnection } from "./nessie.ts";
import type { QueryConnection } from "./query-engine.ts";
import type { RedisConnection } from "./redis.ts";

/** 110Mi at rest; what several long ranges hold while they are read comes on top. */
const laptop: Resources = { cpu: "30m", memory: "96Mi", memoryLimit: "192Mi" };
/** 25Mi more once it has spoken to an issuer. */
const laptopWithIssuer: Resources = { ...laptop, memoryLimit: "224Mi" };

export interface DashboardArgs {
  readonly namespace: Input<string>;
  readonly image: string;
  readonly nodePort: number;
  readonly query: QueryConnection;
  /** For the topics on the pipeline page. @default they are shown as unknown */
  readonly kafka?: KafkaConnection;
  /** For the features that it serves; reading is enough. @default none are served */
  readonly features?: RedisConnection;
  /** For the tables on the pipeline page. @default they are shown as unknown */
  readonly catalog?: CatalogConnection;
  /**
   * Base address of the streaming driver's UI, for its queries on the pipeline page.
   * @default they are shown as unknown
   */
  readonly sparkUi?: Input<string>;
  /**
   * `password`: whoever looks must know the generated password; `none`: nobody must. Else users sign
   * in at an issuer, and the password is for programs alone.
   * @default "password"
   */
  readonly auth?: "password" | "none" | OidcAccess;
  /** How it is reached from outside of the cluster. @default it is not */
  readonly ingress?: IngressSettings | undefined;
  /** Replicas that it may have while many look, from two on. @default 1, which is not scaled */
  readonly maxReplicas?: number;
  /** @default that of a laptop */
  readonly size?: Resources | undefined;
}

/** The page with the live KPIs. */
export class Dashboard extends ComponentResource {
  constructor(name: string, args: DashboardArgs, opts?: ComponentResourceOptions) {
    super("lakehouse:apps:Dashboard", name, {}, opts);
    const { namespace, query, auth = "password", maxReplicas = 1 } = args;
    const { size = typeof auth === "object" ? laptopWithIssuer : laptop } = args;
    const files: Record<string, Files> = {
      query: { path: "/run/secrets/query", secret: query.credentialsSecret },
    };
    if (auth !== "none") {
      const { secret } = partUser(name, namespace, this);
      files["user"] = { path: "/run/secrets/user", secret };
    }
    if (typeof auth === "object") {
      const { secret } = oidcSecret(name, auth, namespace, this);
      files["oidc"] = { path: "/run/secrets/oidc", secret };
    }
    if (args.features !== undefined) {
      files["redis"] = { path: "/run/secrets/redis", secret: args.features.credentialsSecret };
    }
    new core.v1.Service(
      name,
      service(namespace, name, {
        type: "NodePort",
        selector: labels(name),
        ports: [{ name: "http", port: 8080, nodePort: args.nodePort }],
      }),
      { parent: this },
    );
    new apps.v1.Deployment(
      name,
      {
        metadata: { name, namespace, labels: labels(name) },
        spec: {
          selector: { matchLabels: labels(name) },
          template: podTemplate(name, {
            image: args.image,
            args: ["/app/dashboard/server.mjs"],
            env: environment(args, auth),
            ports: { http: 8080 },
            probe: { port: 8080, ready: "/healthz" },
            resources: size,
            files,
          }),
        },
      },
      { parent: this },
    );
    if (args.ingress !== undefined) ingressTo(name, namespace, args.ingress, this);
    if (maxReplicas >= minReplicas) {
      scaledByCpu(name, namespace, maxReplicas, this);
      oneAtATime(name, namespace, this);
    }
    this.registerOutputs();
  }
}

/** The client's secret, and what sessions are sealed with: generated once, so that they outlive pods. */
function oidcSecret(
  name: string,
  { clientSecret }: OidcAccess,
  namespace: Input<string>,
  parent: Dashboard,
): Credentials {
  const entries = clientSecret && { "client-secret": clientSecret };
  const passwordKey = "session-key";
  return credentials(
    `${name}-oidc`,
    { namespace, passwordKey, ...(entries && { entries }) },
    parent,
  );
}

function environment(
  { query, kafka, features, catalog, sparkUi, ingress }: DashboardArgs,
  auth: "password" | "none" | OidcAccess,
): Record<string, Input<string>> {
  return {
    PORT: "8080",
    FLIGHT_ADDRESS: query.address,
    FLIGHT_USER_FILE: "/run/secrets/query/username",
    FLIGHT_PASSWORD_FILE: "/run/secrets/query/password",
    AUTH: typeof auth === "object" ? "oidc" : auth,
    ...(auth !== "none" && {
      AUTH_USER_FILE: "/run/secrets/user/username",
      AUTH_PASSWORD_FILE: "/run/secrets/user/password",
    }),
    ...(typeof auth === "object" && oidcEnvironment(auth)),
    ...(kafka && { KAFKA_BROKERS: kafka.bootstrapServers }),
    ...(features && {
      REDIS_ADDRESS: features.address,
      REDIS_USER_FILE: "/run/secrets/redis/username",
      REDIS_PASSWORD_FILE: "/run/secrets/redis/password",
    }),
    ...(catalog && { NESSIE_URI: catalog.uri }),
    ...(ingress && { PROXY_HOPS: "1" }),
    ...(sparkUi !== undefined && { SPARK_UI_URI: sparkUi }),
  };
}

function oidcEnvironment({ issuer, clientId, clientSecret, allowed, url }: OidcAccess) {
  return {
    OIDC_ISSUER: issuer,
    OIDC_CLIENT_ID: clientId,
    ...(clientSecret && { OIDC_CLIENT_SECRET_FILE: "/run/secrets/oidc/client-secret" }),
    OIDC_ALLOWED: allowed,
    SESSION_KEY_FILE: "/run/secrets/oidc/session-key",
    ...(url !== undefined && { PUBLIC_URL: url }),
  };
}
