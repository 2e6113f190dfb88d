import official from "@pulumi/kubernetes/package.json" with { type: "json" };
import { serve } from "../runtime/provider.ts";
import { releaseType } from "./helm/release.ts";
import { objectType } from "./resource.ts";
import { configure, settingsSchema } from "./settings.ts";
import { HELM_RELEASE_TOKEN, parseToken } from "./tokens.ts";

await serve({
  name: "kubernetes",
  version: official.version,
  config: settingsSchema,
  configure,
  resources: (token) => {
    if (token === HELM_RELEASE_TOKEN) return releaseType;
    const kind = parseToken(token);
    return kind && objectType(kind);
  },
});
