import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";

import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { ConnectClient } from "../../../../k8s-jobs/cdc-bootstrap/connect-client.ts";

/** An answer: its status, and what is sent as JSON. */
type Answer = readonly [status: number, body: unknown];

const status = (connector: string, ...tasks: readonly string[]): Answer => [
  200,
  {
    connector: { state: connector },
    tasks: tasks.map((state, id) => ({
      id,
      state,
      ...(state === "FAILED" && { trace: "no such slot" }),
    })),
  },
];

/** Kafka Connect, as far as it is asked here: gives each kind of request its answers in turn. */
class FakeConnect {
  readonly requests: string[] = [];
  readonly bodies: unknown[] = [];
  readonly answers: Record<string, Answer[]> = {};
  #server: Server | undefined;

  async start(): Promise<string> {
    const server = createServer((request, response) => {
      const what = `${request.method ?? ""} ${request.url ?? ""}`;
      this.requests.push(what);
      let text = "";
      request.on("data", (part: Buffer) => (text += part.toString()));
      request.on("end", () => {
        if (text !== "") this.bodies.push(JSON.parse(text));
        const answers = this.answers[what] ?? [];
        const [code, body] = (answers.length > 1 ? answers.shift() : answers[0]) ?? [404, {}];
        response.writeHead(code).end(JSON.stringify(body));
      });
    });
    this.#server = server;
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    await new Promise((resolve) => this.#server?.close(resolve));
  }
}

const PUT = "PUT /connectors/shop/config";
const STATUS = "GET /connectors/shop/status";
const RESTART = "POST /connectors/shop/restart?includeTasks=true&onlyFailed=true";

describe("the client of Kafka Connect", () => {
  const connect = new FakeConnect();
  const waits: string[] = [];
  let client: ConnectClient;

  const clientFor = (url: string, seconds = 20) =>
    new ConnectClient(url, {
      deadline: Date.now() + seconds * 1000,
      pause: 5,
      log: (line) => waits.push(line),
    });

  beforeEach(async () => {
    connect.requests.length = connect.bodies.length = waits.length = 0;
    for (const what of Object.keys(connect.answers)) Reflect.deleteProperty(connect.answers, what);
    client = clientFor(await connect.start());
  });

  afterEach(() => connect.stop());

  it("puts the configuration as it is", async () => {
    connect.answers[PUT] = [[201, {}]];
    await client.configure("shop", { "tasks.max": "1" });
    expect(connect.bodies).toEqual([{ "tasks.max": "1" }]);
  });

  it.each([409, 500, 503])("asks again after %i, which passes", async (code) => {
    connect.answers[PUT] = [
      [code, { message: "rebalance in progress" }],
      [200, {}],
    ];
    await client.configure("shop", {});
    expect(connect.requests).toEqual([PUT, PUT]);
    expect(waits.join()).toContain("rebalance in progress");
  });

  it("gives up a configuration that is refused, with Connect's own words", async () => {
    connect.answers[PUT] = [[400, { message: "slot.name is missing" }]];
    await expect(client.configure("shop", {})).rejects.toThrow(
      "Kafka Connect answers 400 to PUT /connectors/shop/config: slot.name is missing",
    );
    expect(connect.requests).toEqual([PUT]);
  });

  it("waits until the connector has a task, and both run", async () => {
    connect.answers[STATUS] = [
      [404, { message: "no status" }],
      status("UNASSIGNED"),
      status("RUNNING"),
      status("RUNNING", "UNASSIGNED"),
      status("RUNNING", "RUNNING"),
    ];
    await client.waitUntilRunning("shop");
    expect(connect.requests).toEqual([STATUS, STATUS, STATUS, STATUS, STATUS]);
  });

  it("starts what failed again", async () => {
    connect.answers[STATUS] = [status("RUNNING", "FAILED"), status("RUNNING", "RUNNING")];
    connect.answers[RESTART] = [[202, {}]];
    await client.waitUntilRunning("shop");
    expect(connect.requests).toEqual([STATUS, RESTART, STATUS]);
  });

  it("tells the trace of what fails again and again", async () => {
    connect.answers[STATUS] = [status("RUNNING", "FAILED")];
    connect.answers[RESTART] = [[202, {}]];
    await expect(client.waitUntilRunning("shop")).rejects.toThrow(
      "The connector shop fails again and again: no such slot",
    );
    expect(connect.requests.filter((request) => request === RESTART)).toHaveLength(3);
  });

  it("says what it waited for when the time is over", async () => {
    connect.answers[STATUS] = [status("RUNNING")];
    const hasty = clientFor(await connect.stop().then(() => connect.start()), 0);
    await expect(hasty.waitUntilRunning("shop")).rejects.toThrow("the connector shop is RUNNING");
  });

  it("waits for a Connect that is not there yet", async () => {
    const url = await connect.stop().then(() => connect.start());
    await connect.stop();
    await expect(clientFor(url, 0).configure("shop", {})).rejects.toThrow("does not answer");
    await connect.start();
  });
});
