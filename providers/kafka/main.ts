import { serve } from "../runtime/provider.ts";
import { kafkaProvider } from "./provider.ts";

// kafkajs sets timers in the past, which Node 24 warns of (https://github.com/tulios/kafkajs/issues/1751).
// The engine would show the warning, which says nothing to the user.
process.removeAllListeners("warning").on("warning", ({ name, message }) => {
  if (name !== "TimeoutNegativeWarning") process.stderr.write(`${name}: ${message}\n`);
});

await serve(kafkaProvider);
