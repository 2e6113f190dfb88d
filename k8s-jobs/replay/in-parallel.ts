/**
 * Does `work` for each item, for `limit` of them at a time, and begins with them in their order. What
 * is under way when one fails is still waited for; nothing more is begun.
 *
 * @throws the first failure.
 */
export async function inParallel<Item>(
  items: AsyncGenerator<Item>,
  limit: number,
  work: (item: Item) => Promise<void>,
): Promise<void> {
  let hasFailed = false;
  const worker = async (): Promise<void> => {
    for (;;) {
      // A generator answers one call after the other, whoever calls.
      const next = await items.next();
      if (next.done === true || hasFailed) return;
      await work(next.value);
    }
  };
  const outcomes = await Promise.allSettled(
    Array.from({ length: limit }, () =>
      worker().catch((error: unknown) => {
        hasFailed = true;
        throw error;
      }),
    ),
  );
  await items.return(undefined);
  const failure = outcomes.find(({ status }) => status === "rejected");
  if (failure?.status === "rejected") throw failure.reason;
}
