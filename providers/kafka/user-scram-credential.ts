import { z } from "zod";
import { InvalidInputs, resourceType } from "../runtime/provider.ts";
import type { KafkaConnection } from "./connection.ts";

const refusal =
  "needs the request AlterUserScramCredentials, which kafkajs does not speak. " +
  "Install the official plugin (pulumi plugin install resource kafka), or make the user with " +
  "kafka-configs.sh --alter --entity-type users --entity-name NAME --add-config 'SCRAM-SHA-512=[password=...]'";

/** Refused by name, before anything is changed. */
export const userScramCredential = resourceType<z.ZodObject, KafkaConnection>({
  inputs: z.looseObject({}),
  check() {
    throw new InvalidInputs([{ property: "username", reason: refusal }]);
  },
  create: () => Promise.reject(new Error(`UserScramCredential ${refusal}`)),
  read: () => Promise.reject(new Error(`UserScramCredential ${refusal}`)),
  delete: () => Promise.reject(new Error(`UserScramCredential ${refusal}`)),
});
