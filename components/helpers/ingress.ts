import { networking } from "@pulumi/kubernetes";
import type { Input, Resource } from "@pulumi/pulumi";

import { labels } from "./pod.ts";

/** How a page is reached from outside of the cluster. */
export interface IngressSettings {
  /** Its name in the DNS, without scheme and port. */
  readonly host: string;
  /** IngressClass of the controller that serves it. */
  readonly className: string;
  /** ClusterIssuer of cert-manager that signs its certificate. */
  readonly issuer: string;
}

/**
 * Serves port `http` of the Service `name` over TLS. cert-manager sees the annotation and puts the
 * certificate into the Secret `<name>-tls`.
 */
export function ingressTo(
  name: string,
  namespace: Input<string>,
  { host, className, issuer }: IngressSettings,
  parent: Resource,
): void {
  new networking.v1.Ingress(
    name,
    {
      metadata: {
        name,
        namespace,
        labels: labels(name),
        annotations: {
          "cert-manager.io/cluster-issuer": issuer,
          // Not every controller notes down its address, which would be waited for in vain.
          "pulumi.com/skipAwait": "true",
        },
      },
      spec: {
        ingressClassName: className,
        tls: [{ hosts: [host], secretName: `${name}-tls` }],
        rules: [
          {
            host,
            http: {
              paths: [
                {
                  path: "/",
                  pathType: "Prefix",
                  backend: { service: { name, port: { name: "http" } } },
                },
              ],
            },
          },
        ],
      },
    },
    { parent },
  );
}
