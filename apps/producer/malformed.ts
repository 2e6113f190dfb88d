import type { Message, Topic } from "./events.ts";
import type { Random } from "./random.ts";

type Fields = Record<string, unknown>;

/** Ways in which real producers break the contract, each certain to be noticed. */
const faults: Record<Topic, readonly Fields[]> = {
  orders: [
    { session_id: undefined },
    { event_time: "yesterday" },
    { price: "-1.00" },
    { quantity: 0 },
    { amount: "a lot" },
  ],
  clicks: [
    { user_id: undefined },
    { session_id: null },
    { event_time: "" },
    { price: "free" },
    { action: "teleport" },
  ],
  errors: [{ service: undefined }, { level: "OOPS" }, { event_id: "" }, { message: null }],
};

/** Share of the malformed messages that are not even JSON. */
const cutShort = 0.2;

/** The message with one thing wrong with it. */
export function breakMessage(message: Message, random: Random): Message {
  if (random.chance(cutShort)) {
    return {
      ...message,
      value: message.value.slice(0, 1 + random.below(message.value.length - 1)),
    };
  }
  const fields = JSON.parse(message.value) as Fields;
  const value = JSON.stringify({ ...fields, ...random.pick(faults[message.topic]) });
  return { ...message, value };
}
