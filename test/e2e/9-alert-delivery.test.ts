import { randomUUID } from "node:crypto";
import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { execa } from "execa";
import { afterAll, beforeAll, expect, it } from "vitest";

import { KafkaReader } from "../../apps/dashboard/server/pipeline/kafka.ts";
import { connectSender } from "../../apps/producer/connect.ts";
import { clusterForStack, requireDeployment } from "../../cli/deployment.ts";
import { root } from "../../cli/host/paths.ts";
import { readLogin } from "../../cli/workloads.ts";
import { nodePorts } from "../../components/ports.ts";
import { eventually, stack } from "../support/lakehouse.ts";
import { Receiver } from "../support/webhook-receiver.ts";

const receiver = new Receiver();
const probes = 39_080;
let brokers: string;
let environment: Record<string, string>;

beforeAll(async () => {
  await receiver.start();
  const { cluster: kind, kubeconfig } = await requireDeployment(stack);
  const cluster = await clusterForStack(stack, kind);
  const address = (nodePort: number): string => `localhost:${cluster.hostPort(nodePort)}`;
  brokers = address(nodePorts.kafka);
  const folder = await mkdtemp(join(tmpdir(), "notifier-"));
  const file = async (name: string, text: string): Promise<string> => {
    await writeFile(join(folder, name), text, { mode: 0o600 });
    return join(folder, name);
  };
  const login = async (part: string, secret: string): Promise<Record<string, string>> => {
    const { username, password } = (await readLogin(kubeconfig, secret)) ?? {};
    return {
      [`${part}_USER_FILE`]: await file(`${part}-user`, username ?? ""),
      [`${part}_PASSWORD_FILE`]: await file(`${part}-password`, password ?? ""),
    };
  };
  environment = {
    PORT: String(probes),
    FLIGHT_ADDRESS: address(nodePorts.query),
    REDIS_ADDRESS: address(nodePorts.redis),
    KAFKA_BROKERS: brokers,
    WEBHOOK_URL_FILE: await file("url", receiver.url),
    ...(await login("FLIGHT", "query-user")),
    ...(await login("REDIS", "redis-notifier")),
  };
});

afterAll(() => {
  receiver.stop();
});

/** Runs the notifier on this machine while `work` goes on, and ends it as Kubernetes does. */
async function whileNotifying(work: () => Promise<void>): Promise<void> {
  const program = execa("node", ["apps/notifier/main.ts"], {
    cwd: root,
    env: environment,
    reject: false,
    all: true,
  });
  try {
    await eventually(
      "a notifier that has read the alerts",
      async () => (await fetch(`http://localhost:${probes}/readyz`)).status,
      (status) => status === 200,
    );
    await work();
  } finally {
    program.kill("SIGTERM");
  }
  const { exitCode, all } = await program;
  expect(exitCode, all).toBe(0);
}

/** Sends a fatal error; returns the message of its alert. */
async function failFatally(): Promise<string> {
  const message = `test ${randomUUID()}`;
  const event = {
    event_id: randomUUID(),
    event_time: new Date().toISOString(),
    ...{ service: "checkout", level: "FATAL", code: "TEST", message, user_id: null },
  };
  const sender = await connectSender([brokers], 20_000);
  await sender.send([{ topic: "errors", key: "checkout", value: JSON.stringify(event) }]);
  await sender.close();
  return message;
}

const arrived = (message: string): string[] =>
  receiver.received.map(({ body }) => body).filter((body) => body.includes(message));

const arrival = (message: string): Promise<string[]> =>
  eventually(
    "the alert at the webhook",
    () => Promise.resolve(arrived(message)),
    (bodies) => bodies.length > 0,
  );

it("brings an alert to the webhook within seconds, once, also over a restart", async () => {
  let first = "";
  await whileNotifying(async () => {
    first = await failFatally();
    const sentAt = Date.now();
    const [body = ""] = await arrival(first);
    console.log(`an alert was delivered ${Date.now() - sentAt} ms after its event was sent`);
    expect(JSON.parse(body)).toMatchObject({
      type: "alert.raised",
      alert: { kind: "fatal_error", metric: "checkout", message: `TEST: ${first}` },
    });
  });
  await whileNotifying(async () => {
    await arrival(await failFatally());
  });
  expect(arrived(first)).toHaveLength(1);
  expect(new Set(receiver.keys).size).toBe(receiver.keys.length);
});

it("keeps in Kafka what the webhook refuses, with the reason", async () => {
  receiver.answers = [{ status: 400, body: "invalid_payload" }];
  const kafka = new KafkaReader([brokers]);
  try {
    await whileNotifying(async () => {
      const message = await failFatally();
      await eventually(
        "the alert in alerts.dlq",
        async () => {
          const topic = (await kafka.topics()).find(({ name }) => name === "alerts.dlq");
          return topic ? await kafka.lastMessages(topic, 10) : [];
        },
        (letters) => letters.some(({ value }) => value?.toString().includes(message) === true),
      );
      expect(arrived(message)).toHaveLength(1);
    });
  } finally {
    await kafka.close();
  }
});
