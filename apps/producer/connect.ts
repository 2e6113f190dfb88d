import pRetry from "p-retry";

import { UserError } from "../../cli/errors.ts";
import { KafkaTransport } from "./kafka-transport.ts";
import { Sender, type SenderLimits } from "./sender.ts";

/**
 * A sender to a Kafka that may still be starting.
 *
 * @param brokers `host:port` of some brokers.
 * @param patience how long to wait for Kafka and the topics, in ms.
 * @param options `signal` ends the waiting early.
 * @throws UserError if they are not there by then.
 */
export async function connectSender(
  brokers: readonly string[],
  patience: number,
  { signal, limits }: { readonly signal?: AbortSignal; readonly limits?: SenderLimits } = {},
): Promise<Sender> {
  const deadline = Date.now() + patience;
  let transport: KafkaTransport | undefined;
  try {
    return await pRetry(
      async () => {
        await transport?.disconnect();
        transport = new KafkaTransport(brokers);
        return Sender.create(transport, limits);
      },
      {
        retries: Infinity,
        ...(signal && { signal }),
        minTimeout: 250,
        maxTimeout: 3_000,
        shouldRetry: () => Date.now() < deadline,
      },
    );
  } catch (error) {
    await transport?.disconnect();
    throw new UserError(
      `Kafka at ${brokers.join(", ")} cannot be used: ${error instanceof Error ? error.message : String(error)}`,
      { cure: "`npm run status` tells whether Kafka and its topics are there.", cause: error },
    );
  }
}
