import { expect, test } from "vitest";

import { queued } from "../../../../apps/dashboard/server/queries.ts";
import type { Row } from "../../../../apps/query/client/flight-client.ts";

/** An engine that answers when it is told to. */
function engine() {
  const running: { sql: string; answer: (rows: readonly Row[]) => void; fail: () => void }[] = [];
  const query = queued(
    (sql) =>
      new Promise((answer, reject) => {
        running.push({
          sql,
          answer,
          fail: () => {
            reject(new Error("cancelled"));
          },
        });
      }),
  );
  return { query, running, asked: () => running.map(({ sql }) => sql) };
}

/** Lets everything go on that waits for nothing. */
const settled = () => new Promise((resolve) => setImmediate(resolve));

test("three queries run at once, the others in their turn", async () => {
  const { query, running, asked } = engine();
  const answers = ["a", "b", "c", "d"].map(query);
  await settled();
  expect(asked()).toEqual(["a", "b", "c"]);

  running[1]?.fail();
  await expect(answers[1]).rejects.toThrow("cancelled");
  await settled();
  expect(asked()).toEqual(["a", "b", "c", "d"]);
});

test("the same question is asked once while it waits, and anew once it runs", async () => {
  const { query, running, asked } = engine();
  for (const sql of ["a", "b", "c"]) void query(sql);
  const [one, other] = [query("d"), query("d")];
  await settled();
  expect(asked()).toEqual(["a", "b", "c"]);
  running[0]?.answer([]);
  await settled();
  expect(asked()).toEqual(["a", "b", "c", "d"]);
  void query("d");
  running[1]?.answer([]);
  running[3]?.answer([{ n: 1 }]);
  expect(await one).toEqual([{ n: 1 }]);
  expect(await other).toEqual([{ n: 1 }]);
  await settled();
  expect(asked()).toEqual(["a", "b", "c", "d", "d"]);
});
