import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";

import { afterEach, beforeEach, expect, it } from "vitest";

import { readFeatures } from "../../../../cli/commands/features.ts";

let server: Server;
let url: string;
let answer: { readonly status: number; readonly body: unknown };
let asked: string | undefined;

beforeEach(async () => {
  server = createServer((request, response) => {
    asked = `${request.headers.authorization ?? ""} ${request.url ?? ""}`;
    response.writeHead(answer.status).end(JSON.stringify(answer.body));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterEach(() => {
  server.close();
  server.closeAllConnections();
});

const read = () => readFeatures({ url, headers: { authorization: "Basic eA==" } }, "a/b", "1");

it("asks the dashboard with its password, whatever the session is called", async () => {
  answer = { status: 200, body: { data: { brand: "sony", activity_count: 2 } } };
  expect(await read()).toEqual({ brand: "sony", activity_count: 2 });
  expect(asked).toBe("Basic eA== /api/features/a%2Fb/1");
});

it.each([
  [404, "There are no features of product 1 in session a", /npm run load/],
  [503, "Redis cannot answer: connect ECONNREFUSED", /npm run status/],
  [400, "The product must be a number", /product_id/],
])("tells what the answer %i means", async (status, error, cure) => {
  answer = { status, body: { error } };
  await expect(read()).rejects.toMatchObject({
    message: error,
    cure: expect.stringMatching(cure) as string,
  });
});

it("says that the dashboard does not answer", async () => {
  server.close();
  server.closeAllConnections();
  await expect(read()).rejects.toThrow(`The dashboard does not answer at ${url}`);
});
