import { expect, it } from "vitest";

import { howToSignIn, whereTokenIs } from "../../../../cli/commands/open.ts";

it("open says who signs in and where the password is, but not the password", () => {
  expect(howToSignIn("lakehouse", "dashboard-user", "/home/me/kubeconfig").split("\n")).toEqual([
    "  user      lakehouse",
    "  password  in the Secret dashboard-user:",
    "            kubectl --kubeconfig /home/me/kubeconfig -n lakehouse get secret dashboard-user \\",
    "              -o go-template='{{.data.password | base64decode}}'",
  ]);
});

it("open says where the token is, but not the token", () => {
  expect(whereTokenIs("notebook-token", "/home/me/kubeconfig").split("\n")).toEqual([
    "  token     in the Secret notebook-token:",
    "            kubectl --kubeconfig /home/me/kubeconfig -n lakehouse get secret notebook-token \\",
    "              -o go-template='{{.data.token | base64decode}}'",
  ]);
});
