import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { Webhook, type WebhookOptions } from "../../../../apps/notifier/webhook.ts";
import { alert } from "./alerts.ts";
import { Receiver } from "../../../support/webhook-receiver.ts";

let receiver: Receiver;
let url: string;

beforeEach(async () => {
  receiver = new Receiver();
  await receiver.start();
  url = receiver.url;
});

afterEach(() => {
  receiver.stop();
});

const notice = { type: "raised", alert: alert() } as const;

const deliver = (options: Partial<WebhookOptions> = {}): Promise<void> =>
  new Webhook({ url, format: "json", backoff: 1, ...options }).deliver(notice);

describe("a webhook", () => {
  it("is sent JSON with a key by which it knows a repetition", async () => {
    await deliver();
    const [{ headers, body } = { headers: {}, body: "" }] = receiver.received;
    expect(headers["content-type"]).toBe("application/json");
    expect(headers["idempotency-key"]).toBe("a1-raised");
    expect(JSON.parse(body)).toMatchObject({ id: "a1-raised", type: "alert.raised" });
  });

  it.each([500, 502, 503, 429, 408])("that answers %i is sent the same again", async (status) => {
    receiver.answers = [{ status }, { status }, { status: 204 }];
    let failures = 0;
    await deliver({ onFailure: () => failures++ });
    expect(receiver.keys).toEqual(["a1-raised", "a1-raised", "a1-raised"]);
    expect(failures).toBe(2);
  });

  it.each([
    [400, "invalid_payload", "The webhook answered 400: invalid_payload"],
    [404, "no_service\n", "The webhook answered 404: no_service"],
    [410, "", "The webhook answered 410"],
    [302, "", "The webhook answered 302"],
  ])("that answers %i is not asked again", async (status, body, message) => {
    receiver.answers = [{ status, body, headers: { location: "/elsewhere" } }];
    await expect(deliver()).rejects.toMatchObject({ message, isLasting: true });
    expect(receiver.received).toHaveLength(1);
  });

  it("is given up after so many retries", async () => {
    receiver.answers = [{ status: 503, body: "x".repeat(1_000) }];
    await expect(deliver({ retries: 2 })).rejects.toThrow(
      `The webhook answered 503: ${"x".repeat(200)}`,
    );
    expect(receiver.received).toHaveLength(3);
  });

  it("may say when it wants to be asked again", async () => {
    receiver.answers = [{ status: 429, headers: { "retry-after": "1" } }, { status: 200 }];
    const begin = performance.now();
    await deliver();
    // Timers may be early by a part of a millisecond.
    expect(performance.now() - begin).toBeGreaterThanOrEqual(999);
  });

  it("that is slow is asked again", async () => {
    receiver.answers = ["never", { status: 200 }];
    await deliver({ timeout: 250 });
    expect(receiver.received.length).toBeGreaterThanOrEqual(2);
  });

  it("that is not there is named by what went wrong, not by its URL", async () => {
    receiver.stop();
    const failure = await deliver({ retries: 1 }).catch(String);
    expect(failure).toContain("The webhook does not answer: connect ECONNREFUSED");
    expect(failure).not.toContain("/hook");
  });

  it("is not waited for once the program is to end", async () => {
    receiver.answers = [{ status: 503, headers: { "retry-after": "60" } }];
    const stop = new AbortController();
    const delivery = deliver({
      signal: stop.signal,
      onFailure: () => {
        stop.abort();
      },
    });
    await expect(delivery).rejects.toThrow("aborted");
    expect(receiver.received).toHaveLength(1);
  });
});
