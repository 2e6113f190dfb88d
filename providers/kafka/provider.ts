import official from "@pulumi/kafka/package.json" with { type: "json" };
import type { ProviderDefinition } from "../runtime/provider.ts";
import { acl } from "./acl.ts";
import { configSchema, clientOptions } from "./config.ts";
import { KafkaConnection } from "./connection.ts";
import { topic } from "./topic.ts";
import { userScramCredential } from "./user-scram-credential.ts";

/** Stands in for the official Kafka plugin; talks to the brokers through kafkajs. */
export const kafkaProvider: ProviderDefinition<typeof configSchema, KafkaConnection> = {
  name: "kafka",
  version: official.version,
  config: configSchema,
  configure: (config) => new KafkaConnection(clientOptions(config, process.env)),
  resources: {
    "kafka:index/acl:Acl": acl,
    "kafka:index/topic:Topic": topic,
    "kafka:index/userScramCredential:UserScramCredential": userScramCredential,
  },
};
