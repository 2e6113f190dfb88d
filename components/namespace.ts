import { core } from "@pulumi/kubernetes";
import { ComponentResource, type ComponentResourceOptions, type Output } from "@pulumi/pulumi";

/** The namespace of the platform. It admits only pods that keep the standard `restricted`. */
export class Namespace extends ComponentResource {
  readonly name: Output<string>;

  constructor(name: string, opts?: ComponentResourceOptions) {
    super("lakehouse:cluster:Namespace", name, {}, opts);
    const namespace = new core.v1.Namespace(
      name,
      {
        metadata: {
          name,
          labels: {
            "pod-security.kubernetes.io/enforce": "restricted",
            "pod-security.kubernetes.io/enforce-version": "latest",
          },
        },
      },
      { parent: this },
    );
    this.name = namespace.metadata.name;
    this.registerOutputs({ name: this.name });
  }
}
