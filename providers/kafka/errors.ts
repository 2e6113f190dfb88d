/** What kafkajs puts on its errors; it exports no classes that an ES module could import by name. */
interface KafkaJsError extends Error {
  /** The protocol's name of the failure, such as `TOPIC_ALREADY_EXISTS`. */
  readonly type?: string;
  readonly broker?: string;
  readonly cause?: unknown;
  readonly errors?: readonly unknown[];
}

/** The protocol's name of a failure, wherever kafkajs wrapped it. */
export function failureType(error: unknown): string | undefined {
  return error instanceof Error ? innermost(error).type : undefined;
}

/** Says what failed, where, and the cure. An error that says so already is returned as it is. */
export function explainKafkaError(error: unknown, servers: readonly string[]): Error {
  if (!(error instanceof Error)) return new Error(String(error));
  const inner = innermost(error);
  if (!inner.name.startsWith("KafkaJS")) return error;

  if (inner.name === "KafkaJSSASLAuthenticationError") {
    return new Error(
      `Kafka at ${servers.join(", ")} refused the login: ${inner.message}. ` +
        "Check saslMechanism, saslUsername and saslPassword of the provider.",
      { cause: error },
    );
  }
  if (inner.name.startsWith("KafkaJSConnection") || inner.name === "KafkaJSRequestTimeoutError") {
    const broker = inner.broker ?? servers.join(", ");
    return new Error(
      `Kafka does not answer at ${broker}: ${inner.message}. ${cureFor(inner, broker, servers)}`,
      {
        cause: error,
      },
    );
  }
  const cure = inner.type === undefined ? undefined : CURES[inner.type];
  return Object.assign(
    new Error(cure === undefined ? inner.message : `${inner.message}. ${cure}`, { cause: error }),
    inner.type === undefined ? {} : { type: inner.type },
  );
}

function cureFor(error: Error, broker: string, servers: readonly string[]): string {
  if (/TLS|SSL|certificate/i.test(error.message)) {
    return "If the listener speaks plain text, pass tlsEnabled: false to the provider; else check caCert.";
  }
  if (!servers.join(", ").includes(broker)) {
    return (
      `The cluster behind ${servers.join(", ")} gave this address: ` +
      "correct the broker's advertised.listeners, or make the address reachable from here."
    );
  }
  return "Start the broker, or correct bootstrapServers of the provider.";
}

const CURES: Readonly<Record<string, string>> = {
  SECURITY_DISABLED:
    "The broker keeps no ACLs: set authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer there.",
  CLUSTER_AUTHORIZATION_FAILED: "Give the provider's user the rights of an administrator.",
  TOPIC_AUTHORIZATION_FAILED: "Give the provider's user rights on the topic.",
  TOPIC_DELETION_DISABLED: "Set delete.topic.enable=true on the broker.",
};

function innermost(error: KafkaJsError): KafkaJsError {
  const [only] = error.errors ?? [];
  if (only instanceof Error) return innermost(only);
  if (error.cause instanceof Error && error.type === undefined) return innermost(error.cause);
  return error;
}
