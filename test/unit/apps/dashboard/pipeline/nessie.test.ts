import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";

import { afterEach, describe, expect, it } from "vitest";

import { readTables, tableOf } from "../../../../../apps/dashboard/server/pipeline/nessie.ts";

const orders = {
  metadata: {
    "last-sequence-number": 512,
    "current-snapshot-id": 7,
    snapshots: [
      {
        "snapshot-id": 7,
        "timestamp-ms": Date.UTC(2026, 0, 1),
        summary: {
          operation: "append",
          "total-records": "1200",
          "total-data-files": "31",
          "total-files-size": "812345",
        },
      },
    ],
  },
};

let server: Server | undefined;

afterEach(() => {
  server?.close();
  server = undefined;
});

async function serve(answers: Record<string, unknown>): Promise<string> {
  const started = createServer(({ url = "" }, response) => {
    const answer = answers[url];
    response.writeHead(answer === undefined ? 404 : 200).end(JSON.stringify(answer));
  });
  server = started;
  await new Promise<void>((resolve) => started.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${(started.address() as AddressInfo).port}`;
}

describe("readTables", () => {
  it("asks below the prefix that the catalog names, encoded as it is", async () => {
    const base = "/iceberg/v1/main%7Cwarehouse/namespaces/ecommerce_db/tables";
    const uri = await serve({
      "/iceberg/v1/config": { defaults: {}, overrides: { prefix: "main%7Cwarehouse" } },
      [base]: { identifiers: [{ namespace: ["ecommerce_db"], name: "orders" }] },
      [`${base}/orders`]: orders,
    });
    expect(await readTables(uri)).toEqual([
      {
        name: "orders",
        rows: 1200,
        files: 31,
        bytes: 812345,
        commits: 512,
        lastCommit: "2026-01-01T00:00:00.000Z",
      },
    ]);
  });

  it("says what was answered", async () => {
    const uri = await serve({});
    await expect(readTables(uri)).rejects.toThrow(`${uri}/iceberg/v1/config answered 404`);
  });

  it("says that nobody answers", async () => {
    await expect(readTables("http://127.0.0.1:2")).rejects.toThrow(
      "127.0.0.1:2 does not answer: connect ECONNREFUSED 127.0.0.1:2",
    );
  });
});

describe("tableOf", () => {
  it("knows a table that was never written", () => {
    const answer = { metadata: { "current-snapshot-id": -1, "last-sequence-number": 0 } };
    expect(tableOf("alerts", answer)).toEqual({
      name: "alerts",
      rows: 0,
      files: 0,
      bytes: 0,
      commits: 0,
      lastCommit: null,
    });
  });

  it("does not guess what a snapshot does not say", () => {
    const [snapshot] = orders.metadata.snapshots;
    const answer = { metadata: { ...orders.metadata, snapshots: [{ ...snapshot, summary: {} }] } };
    expect(tableOf("orders", answer)).toMatchObject({ rows: null, files: null, bytes: null });
  });
});
