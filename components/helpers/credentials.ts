import { core } from "@pulumi/kubernetes";
import type { Input, Output, Resource } from "@pulumi/pulumi";
import { RandomPassword } from "@pulumi/random";

/** A Secret with a user and its generated password. */
export interface Credentials {
  /** Name of the Secret. */
  readonly secret: Output<string>;
  readonly password: Output<string>;
}

export interface CredentialsArgs {
  readonly namespace: Input<string>;
  /** Key of the password in the Secret. @default "password" */
  readonly passwordKey?: string;
  /** Other entries of the Secret, such as the user's name. */
  readonly entries?: Readonly<Record<string, Input<string>>>;
}

/** The one user of a part of the platform, kept in the Secret `<name>-user`. */
export function partUser(name: string, namespace: Input<string>, parent: Resource): Credentials {
  return credentials(`${name}-user`, { namespace, entries: { username: "lakehouse" } }, parent);
}

/** Generates a password; what is named anew gets a new one. */
export function randomPassword(name: string, parent: Resource, length = 32): Output<string> {
  return new RandomPassword(
    name,
    // Letters and digits alone: passwords end up in URLs, properties files and environments.
    // And at least one digit, without which Dremio takes none.
    { length, special: false, minNumeric: 1 },
    // A rule that is added later must not change the passwords of a running stack.
    { parent, ignoreChanges: ["minNumeric"] },
  ).result;
}

/** Generates a password and keeps it in the Secret `name`. */
export function credentials(name: string, args: CredentialsArgs, parent: Resource): Credentials {
  const result = randomPassword(name, parent);
  const secret = new core.v1.Secret(
    name,
    {
      metadata: { name, namespace: args.namespace },
      stringData: { ...args.entries, [args.passwordKey ?? "password"]: result },
    },
    { parent },
  );
  return { secret: secret.metadata.name, password: result };
}
