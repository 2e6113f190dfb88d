import { setTimeout as sleep } from "node:timers/promises";

import pRetry from "p-retry";

import { bodyOf, type Format, idOf, type Notice } from "./notice.ts";

export interface WebhookOptions {
  readonly url: string;
  readonly format: Format;
  /** How often a delivery that failed is made again. @default 5 */
  readonly retries?: number;
  /**
   * Waiting time before the first retry, in ms; it doubles with each, and is lengthened at random by
   * up to as much again. @default 1000
   */
  readonly backoff?: number;
  /** How long the webhook may take to answer, in ms. @default 10,000 */
  readonly timeout?: number;
  /** Ends the waiting for the next retry. */
  readonly signal?: AbortSignal;
  /** Called for every attempt that fails. */
  readonly onFailure?: () => void;
}

/** The longest wait that a webhook may ask for with Retry-After, in ms. */
const longestRetryAfter = 60_000;
/** Statuses beside 5xx that are worth another attempt: a slow request, too many of them. */
const passing: readonly number[] = [408, 429];

/** Why a webhook did not take a notice. It never names the URL, which is a secret. */
export class WebhookError extends Error {
  override readonly name = "WebhookError";
  /** Whether another attempt would fail the same way. */
  readonly isLasting: boolean;
  /** How long to wait before the next attempt at least, in ms. */
  readonly retryAfter: number;

  constructor(
    message: string,
    options: ErrorOptions & { readonly isLasting?: boolean; readonly retryAfter?: number } = {},
  ) {
    super(message, options);
    this.isLasting = options.isLasting ?? false;
    this.retryAfter = options.retryAfter ?? 0;
  }
}

/** Where alerts are sent. */
export class Webhook {
  readonly #options: WebhookOptions;

  constructor(options: WebhookOptions) {
    this.#options = options;
  }

  /**
   * Sends a notice until it is taken.
   * @throws WebhookError once that is given up; whatever the signal says if it ends the waiting.
   */
  async deliver(notice: Notice): Promise<void> {
    const { retries = 5, backoff = 1_000, signal, onFailure } = this.#options;
    let isDelivered = false as boolean;
    try {
      await pRetry(
        async () => {
          await this.#post(notice);
          isDelivered = true;
        },
        {
          retries,
          minTimeout: backoff,
          randomize: true,
          ...(signal && { signal }),
          shouldRetry: ({ error }) => error instanceof WebhookError && !error.isLasting,
          onFailedAttempt: async ({ error, retriesLeft }) => {
            onFailure?.();
            if (error instanceof WebhookError && !error.isLasting && retriesLeft > 0) {
              await sleep(error.retryAfter, undefined, { signal });
            }
          },
        },
      );
    } catch (error) {
      // A signal that comes during the last attempt does not undo it.
      if (!isDelivered) throw error;
    }
  }

  async #post(notice: Notice): Promise<void> {
    const { url, format, timeout = 10_000 } = this.#options;
    let response: Response;
    let text: string;
    try {
      response = await fetch(url, {
        method: "POST",
        headers: { "content-type": "application/json", "idempotency-key": idOf(notice) },
        body: bodyOf(notice, format),
        // The address that was configured, and no other, is told.
        redirect: "manual",
        signal: AbortSignal.timeout(timeout),
      });
      text = await response.text();
    } catch (cause) {
      throw new WebhookError(`The webhook does not answer: ${reasonOf(cause, timeout)}`, { cause });
    }
    if (response.ok) return;
    const detail = text.trim() === "" ? "" : `: ${text.trim().slice(0, 200)}`;
    throw new WebhookError(`The webhook answered ${response.status}${detail}`, {
      isLasting: response.status < 500 && !passing.includes(response.status),
      retryAfter: retryAfter(response.headers.get("retry-after")),
    });
  }
}

/** Retry-After in ms: seconds, or a date. */
function retryAfter(header: string | null): number {
  const seconds = Number(header ?? 0);
  const wait = Number.isNaN(seconds) ? Date.parse(header ?? "") - Date.now() : seconds * 1_000;
  return Number.isNaN(wait) ? 0 : Math.min(Math.max(wait, 0), longestRetryAfter);
}

/** fetch says only that it failed; why is in its cause. */
function reasonOf(error: unknown, timeout: number): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === "TimeoutError") return `nothing within ${timeout / 1000} s`;
  return error.cause instanceof Error ? reasonOf(error.cause, timeout) : error.message;
}
