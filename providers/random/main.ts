import official from "@pulumi/random/package.json" with { type: "json" };
import { z } from "zod";
import { serve } from "../runtime/provider.ts";
import { resources } from "./resources.ts";

await serve({
  name: "random",
  version: official.version,
  config: z.object({}),
  configure: () => ({}),
  resources,
});
