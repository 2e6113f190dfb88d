import { expect, it } from "vitest";

import { howToSignIn } from "../../../../cli/commands/open.ts";

it("open says who signs in and where the password is, but not the password", () => {
  expect(howToSignIn("lakehouse", "dashboard-user", "/home/me/kubeconfig").split("\n")).toEqual([
    "  user      lakehouse",
    "  password  in the Secret dashboard-user:",
    "            kubectl --kubeconfig /home/me/kubeconfig -n lakehouse get secret dashboard-user \\",
    "              -o go-template='{{.data.password | base64decode}}'",
  ]);
});
