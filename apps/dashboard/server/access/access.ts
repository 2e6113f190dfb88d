import { readFileSync } from "node:fs";

import { readSecret } from "../../../environment.ts";
import type { AppOptions } from "../app.ts";
import type { Settings } from "../settings.ts";
import { Issuer } from "./oidc/issuer.ts";

/** Who may look, as the settings and the files that they name tell. */
export async function readAccess(settings: Settings): Promise<Pick<AppOptions, "login" | "oidc">> {
  const { AUTH, AUTH_USER_FILE: user = "", AUTH_PASSWORD_FILE: password = "" } = settings;
  if (AUTH === "none") return {};
  const login = { username: await readSecret(user), password: await readSecret(password) };
  if (AUTH === "password") return { login };

  const { OIDC_ISSUER: url, OIDC_ALLOWED: rules, SESSION_KEY_FILE: keyFile = "" } = settings;
  if (url === undefined || rules === undefined) throw new Error("The settings were not checked");
  const { OIDC_CLIENT_ID: clientId = "", OIDC_CLIENT_SECRET_FILE: secretFile } = settings;
  const issuer = new Issuer({
    ...{ url, clientId },
    clientSecret:
      secretFile === undefined ? undefined : () => readFileSync(secretFile, "utf8").trim(),
  });
  // Nobody waits for it: if it fails, the log says so now, and all that needs no user is served.
  void issuer.configuration().catch(() => undefined);
  const sessionKey = await readSecret(keyFile);
  return { oidc: { issuer, rules, sessionKey, publicUrl: settings.PUBLIC_URL, login } };
}
