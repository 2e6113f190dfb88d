import { apps, core } from "@pulumi/kubernetes";
import { ComponentResource, type ComponentResourceOptions, type Input } from "@pulumi/pulumi";

import { labels, podTemplate, service } from "./helpers/pod.ts";
import type { QueryConnection } from "./query-engine.ts";

export interface DashboardArgs {
  readonly namespace: Input<string>;
  readonly image: string;
  readonly nodePort: number;
  readonly query: QueryConnection;
}

/** The page with the live KPIs. */
export class Dashboard extends ComponentResource {
  constructor(name: string, args: DashboardArgs, opts?: ComponentResourceOptions) {
    super("lakehouse:apps:Dashboard", name, {}, opts);
    const { namespace, query } = args;
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
            env: {
              PORT: "8080",
              FLIGHT_ADDRESS: query.address,
              FLIGHT_USER_FILE: "/run/secrets/query/username",
              FLIGHT_PASSWORD_FILE: "/run/secrets/query/password",
            },
            ports: { http: 8080 },
            probe: { port: 8080, ready: "/healthz" },
            resources: { cpu: "30m", memory: "64Mi", memoryLimit: "160Mi" },
            files: { query: { path: "/run/secrets/query", secret: query.credentialsSecret } },
          }),
        },
      },
      { parent: this },
    );
    this.registerOutputs();
  }
}
