import { once } from "node:events";
import { createServer, type AddressInfo, type Server, type Socket } from "node:net";

import type { Output } from "@pulumi/pulumi";
import { afterEach, describe, expect, it } from "vitest";

import {
  greet,
  type Greeting,
  httpGreeting,
  kafkaGreeting,
  postgresGreeting,
  reachable,
} from "../../../../components/helpers/reachable.ts";
import { record } from "../../../support/mocks.ts";

const servers: Server[] = [];

/** Listens on a port of 127.0.0.1, any free one if none is given. */
async function listen(onConnection: (socket: Socket) => void, port = 0): Promise<number> {
  const server = createServer((socket) => {
    socket.on("error", () => socket.destroy());
    onConnection(socket);
  });
  servers.push(server);
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}

/** Answers the first words of a client if they are the right ones. */
const answering = (hello: Buffer, reply: Buffer) => (socket: Socket) => {
  socket.once("data", (data) => socket.end(data.equals(hello) ? reply : "?"));
};

afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

const apiVersionsRequest = Buffer.from("0000000a00120000 00000001ffff".replace(" ", ""), "hex");
const apiVersionsReply = Buffer.from("0000000c 00000001 0000 00000000".replaceAll(" ", ""), "hex");
const sslRequest = Buffer.from("0000000804d2162f", "hex");
const httpRequest = "GET /ready HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";

describe("a server is greeted", () => {
  it.each<[string, Greeting, Buffer, Buffer]>([
    ["Kafka", kafkaGreeting, apiVersionsRequest, apiVersionsReply],
    ["Postgres without TLS", postgresGreeting, sslRequest, Buffer.from("N")],
    ["Postgres with TLS", postgresGreeting, sslRequest, Buffer.from("S")],
    [
      "HTTP",
      httpGreeting("MinIO", "svc/minio:9000", "/ready"),
      Buffer.from(httpRequest),
      Buffer.from("HTTP/1.1 200 OK\r\n"),
    ],
  ])("in its own words: %s", async (_, greeting, request, reply) => {
    const port = await listen(answering(request, reply));
    await expect(greet(port, greeting, 2000)).resolves.toBeUndefined();
  });

  it("again and again until it answers well", async () => {
    const replies = ["HTTP/1.1 503 Service Unavailable\r\n", "", "HTTP/1.1 200 OK\r\n"];
    let calls = 0;
    const port = await listen((socket) => {
      socket.once("data", () => socket.end(replies[calls++] ?? ""));
    });
    await greet(port, httpGreeting("MinIO", "svc/minio:9000", "/ready"), 5000);
    expect(calls).toBe(3);
  });

  it("and missed with the cure when nothing stands behind the port mapping", async () => {
    const port = await listen((socket) => socket.destroy());
    await expect(greet(port, kafkaGreeting, 500)).rejects.toThrow(
      new RegExp(
        `^Kafka is ready in the cluster but does not answer at localhost:${port} within 0.5 s ` +
          "\\(.+\\). The cluster must map this port to its NodePort[^]*" +
          `kubectl -n lakehouse port-forward svc/kafka-0 ${port}:9094`,
      ),
    );
  });
});

describe("an address", () => {
  const address = (port: number) => {
    let value: unknown;
    return {
      program: () => {
        reachable("id of kafka", port, kafkaGreeting, 2).apply((known) => (value = known));
      },
      value: () => value,
    };
  };

  it("is known in a preview, though nothing listens there", async () => {
    const { program, value } = address(1);
    await record(program, { preview: true });
    expect(value()).toBe("localhost:1");
  });

  it("is known in an update once the server answers", async () => {
    const port = await listen(answering(apiVersionsRequest, apiVersionsReply));
    let known: Output<string> | undefined;
    await record(() => (known = reachable("id of kafka", port, kafkaGreeting)), { preview: false });
    const value = await new Promise((resolve) => known?.apply(resolve));
    expect(value).toBe(`localhost:${port}`);
  });
});
