import { parentPort, workerData } from "node:worker_threads";

import { connectSender } from "../../apps/producer/connect.ts";
import { Shop } from "../../apps/producer/generate.ts";
import { atRate } from "../../apps/producer/pace.ts";
import type { LoadMessage, LoadOrder } from "./load.ts";

/** How long Kafka may take to answer, in ms. */
const kafkaPatience = 20_000;

const sender = await connectSender(workerData as readonly string[], kafkaPatience);

function tell(message: LoadMessage): void {
  parentPort?.postMessage(message);
}

async function send({ rate, seconds }: LoadOrder): Promise<void> {
  const shop = new Shop({ seed: 1, startedAt: Date.now(), rate, malformedShare: 0 });
  let total = 0;
  await atRate(
    () => rate,
    async (count) => {
      const time = Date.now();
      await sender.send(shop.events(count, time));
      total += count;
      tell({ time, total });
    },
    AbortSignal.timeout(seconds * 1000),
  );
  await sender.flush();
  tell("sent");
}

// A failure ends the thread, and whoever waits for it is told.
parentPort?.on("message", (order: LoadOrder) => void send(order));
