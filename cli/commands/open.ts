import type { Command } from "commander";
import { execa } from "execa";

import { clusterForStack, requireDeployment } from "../deployment.ts";
import { UserError } from "../errors.ts";
import { stackOption } from "../options.ts";
import { componentStatuses, namespace, readLogin } from "../workloads.ts";

/** `npm run open [component]`: prints where it is reached, and opens a browser if it is a page. */
export function register(program: Command): void {
  program
    .command("open")
    .description("show where a component is reached, and open it in a browser")
    .argument("[component]", "a name that `npm run status` lists", "dashboard")
    .addOption(stackOption())
    .action(async (component: string, { stack }: { stack: string }) => {
      const deployment = await requireDeployment(stack);
      const cluster = await clusterForStack(stack, deployment.cluster);
      const components = await componentStatuses(deployment.kubeconfig, (port) =>
        cluster.hostPort(port),
      );
      const found = components.find(({ name }) => name === component);
      const reachable = components.filter(({ url }) => url !== null).map(({ name }) => name);
      if (found?.url == null) {
        throw new UserError(
          found ? `"${component}" has no address on this machine` : `There is no "${component}"`,
          { cure: `One of these has: ${reachable.join(", ")}.` },
        );
      }
      process.stdout.write(`${found.url}\n`);
      const secret = logins[component];
      const login = secret === undefined ? null : await readLogin(deployment.kubeconfig, secret);
      if (secret !== undefined && login !== null) {
        process.stdout.write(`${howToSignIn(login.username, secret, deployment.kubeconfig)}\n`);
      }
      const token = tokens[component];
      if (token !== undefined) {
        process.stdout.write(`${whereTokenIs(token, deployment.kubeconfig)}\n`);
      }
      if (!found.ready) {
        throw new UserError(`${component} is not ready: ${found.reason ?? ""}`, {
          cure: `\`npm run logs ${component}\` tells more.`,
        });
      }
      if (found.url.startsWith("http")) await browse(found.url);
    });
}

/** Secrets with the user and the password of a page that asks for them, by component. */
const logins: Readonly<Record<string, string>> = {
  airflow: "airflow-user",
  dashboard: "dashboard-user",
  "kafka-ui": "kafka-ui-user",
};

/** Secrets with the token of a page that asks for one, by component. */
const tokens: Readonly<Record<string, string>> = { notebook: "notebook-token" };

/** The password itself is not printed: terminals are logged and shared. */
export function howToSignIn(user: string, secret: string, kubeconfig: string): string {
  return [`  user      ${user}`, ...whereEntryIs("password", secret, kubeconfig)].join("\n");
}

/** As the password, the token itself is not printed. */
export function whereTokenIs(secret: string, kubeconfig: string): string {
  return whereEntryIs("token", secret, kubeconfig).join("\n");
}

function whereEntryIs(key: string, secret: string, kubeconfig: string): string[] {
  const label = `  ${key.padEnd("password".length)}  `;
  const indent = " ".repeat(label.length);
  return [
    `${label}in the Secret ${secret}:`,
    `${indent}kubectl --kubeconfig ${kubeconfig} -n ${namespace} get secret ${secret} \\`,
    `${indent}  -o go-template='{{.data.${key} | base64decode}}'`,
  ];
}

/** A machine without a desktop has no browser to open; the address was printed all the same. */
async function browse(url: string): Promise<void> {
  const opener = process.platform === "darwin" ? "open" : "xdg-open";
  await execa(opener, [url], { reject: false, stdio: "ignore" });
}
