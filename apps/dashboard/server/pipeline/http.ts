/** How long a part of the platform may take to answer, in ms. */
const patience = 5_000;

/**
 * Asks for JSON.
 * @throws Error that says in short what went wrong.
 */
export async function getJson(url: string): Promise<unknown> {
  let response: Response;
  try {
    response = await fetch(url, {
      headers: { accept: "application/json" },
      signal: AbortSignal.timeout(patience),
    });
  } catch (error) {
    throw new Error(`${new URL(url).host} does not answer: ${reason(error)}`, { cause: error });
  }
  if (!response.ok) throw new Error(`${url} answered ${response.status}`);
  return response.json();
}

/** fetch says only that it failed; why is in its cause. */
function reason(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === "TimeoutError") return `nothing within ${patience / 1000} s`;
  return error.cause instanceof Error ? reason(error.cause) : error.message;
}
